/** Headers by name; undefined ones are left out. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Headers of every request of a client. */
export interface RequestHeadersOptions {
  /** Sent as `Authorization: Bearer`. A function is called before each request, so a fresh token is used as soon as there is one. */
  readonly token?: string | (() => MaybePromise<string | undefined>);
  readonly headers?: RequestHeaders | (() => MaybePromise<RequestHeaders>);
}

type MaybePromise<T> = T | Promise<T>;

/** Joins token and headers, and reads both again for each request. */
export function createRequestHeaders({ token, headers }: RequestHeadersOptions): () => Promise<Record<string, string>> {
  return async () => {
    const [bearer, others] = await Promise.all([typeof token === "function" ? token() : token, typeof headers === "function" ? headers() : headers]);
    const all = { ...others, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  };
}
