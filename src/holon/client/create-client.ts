import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  httpSubscriptionLink,
  isTRPCClientError,
  splitLink,
  type TRPCClient,
  type TRPCLink,
} from "@trpc/client";
import type { ErrorData, RouterOf } from "../contract/router-types.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";
import { callHeaders } from "./call-headers.ts";
import { FetchEventSource } from "./fetch-event-source.ts";

/** Headers by name. Headers that are undefined are not sent. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** Headers of every request of a client. */
export interface RequestHeadersOptions {
  /** The token, which is sent as `Authorization: Bearer`. A function is called before each request, so a fresh token is used as soon as it exists. */
  readonly token?: string | (() => MaybePromise<string | undefined>);
  readonly headers?: RequestHeaders | (() => MaybePromise<RequestHeaders>);
}

type MaybePromise<T> = T | Promise<T>;

/** Joins the token and the headers. Both are read again for each request. */
function createRequestHeaders({ token, headers }: RequestHeadersOptions): () => Promise<Record<string, string>> {
  return async () => {
    const [bearer, others] = await Promise.all([typeof token === "function" ? token() : token, typeof headers === "function" ? headers() : headers]);
    const all = { ...others, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };
    return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  };
}

/** Options of {@link createClient}. */
export interface ClientOptions extends RequestHeadersOptions {
  /** The address at which the edge answers tRPC: `/trpc` on the page's own host, or a whole address. */
  readonly url: string;
  /** The `fetch` to use; the global one by default. */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * How calls of one tick share a request: `true` (default) waits for all answers, `"stream"` yields each answer when it is ready, `false` sends each call
   * alone. At most 20 calls share a request.
   */
  readonly batch?: boolean | "stream";
  /** Spreads the reconnects of subscriptions over time; returns a number in [0, 1). */
  readonly random?: () => number;
}

/** A tRPC client of all procedures of a map of contracts that can be called from outside. */
export type Client<Contracts extends object> = TRPCClient<RouterOf<Contracts>>;

/** The longest URL of a request. Servers and proxies accept 8 KiB or more. */
const URL_LENGTH = 8_000;

type Link = TRPCLink<RouterOf<object>>;

/**
 * Makes a typed client from the types of the contracts alone; their code is not loaded.
 *
 * `{ context: { idempotencyKey, deadlineMs } }` as the second argument of a call sends a key and a deadline with it (see `CallContext`). Subscriptions run over
 * `fetch`, so they work in Node, send the same headers, and resume after the last item that had an id.
 *
 * Errors: calls reject with TRPCClientError. The contract types its `data.code` and `data.details`; see `safe`.
 */
export function createClient<Contracts extends object>(options: ClientOptions): Client<Contracts> {
  const links: Link[] = [
    splitLink({ condition: (operation) => operation.type === "subscription", true: subscriptionLink(options), false: callLink(options) }),
  ];
  return createTRPCClient({ links }) as unknown as Client<Contracts>;
}

function callLink(options: ClientOptions): Link {
  const { url, batch = true, fetch } = options;
  const requestHeaders = createRequestHeaders(options);
  const base = fetch === undefined ? { url } : { url, fetch: fetch as NonNullable<Parameters<typeof httpLink>[0]["fetch"]> };
  if (batch === false) return httpLink({ ...base, headers: async ({ op }) => ({ ...(await requestHeaders()), ...callHeaders([op]) }) });
  const link = batch === "stream" ? httpBatchStreamLink : httpBatchLink;
  return link({
    ...base,
    maxItems: DEFAULT_LIMITS.batchCount,
    maxURLLength: URL_LENGTH,
    headers: async ({ opList }) => ({ ...(await requestHeaders()), ...callHeaders(opList) }),
  });
}

function subscriptionLink(options: ClientOptions): Link {
  const requestHeaders = createRequestHeaders(options);
  return httpSubscriptionLink({
    url: options.url,
    EventSource: FetchEventSource,
    eventSourceOptions: {
      headers: requestHeaders,
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      random: options.random ?? cryptoRandom,
    },
  });
}

function cryptoRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32;
}

type DataOf<E> = E extends { readonly data: infer Data } ? NonNullable<Data> : never;
type CodeOf<E> = DataOf<E> extends { readonly code: infer Code extends string } ? Code : string;
type DataWithCode<E, Code extends string> = [DataOf<E>] extends [never] ? ErrorData<Code, unknown> : Extract<DataOf<E>, { readonly code: Code }>;

/**
 * Whether an error has the given code. If it has, `data.details` gets the type that the contract of the procedure declares.
 *
 * For an error from `safe`, only the codes of that procedure are allowed; for a caught error, every code is allowed.
 */
export function isHolonCode<E, const Code extends CodeOf<E>>(error: E, code: Code): error is E & { readonly data: DataWithCode<E, Code> } {
  return isTRPCClientError(error) && (error.data as { readonly code?: unknown } | null | undefined)?.code === code;
}
