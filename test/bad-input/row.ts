import type { AnyProcedure } from "holon/contract";
import type { PublicWay, WrittenRequest } from "../subject/public-call.ts";
import { writeCall } from "../subject/public-call.ts";

/** What is there when the requests are sent. */
export interface Facts {
  /** An order of somebody else. */
  readonly foreignOrderId: string;
  readonly productId: string;
  /** An e-mail address that has an account. */
  readonly email: string;
}

/** Who sends a request; most of those that cannot are tokens with one thing wrong. */
export type Sender =
  | "nobody"
  | "user"
  | "admin"
  | "expired"
  | "unsigned"
  | "wrong key"
  | "wrong issuer"
  | "wrong audience"
  | "garbage"
  | "another scheme";

/** One bad request, as each way of the public port says it, and the answer that it gets by each. */
export interface Row {
  readonly name: string;
  readonly as: Sender;
  readonly requests: Readonly<Partial<Record<PublicWay, (facts: Facts) => WrittenRequest>>>;
  readonly status: number;
  readonly code: string;
  /** What the answer names. */
  readonly says: string;
  /** Calls of handlers: none, unless the handler is the only one who can know. */
  readonly entered: number;
}

/** What a row may say beside what it sends. */
export interface RowOptions {
  readonly as?: Sender;
  readonly says?: string;
  readonly entered?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type Body = string | Buffer | ((facts: Facts) => string);

/** Where a mutation with a JSON body and nothing in its path is called by each way. */
export interface Place {
  readonly trpc: string;
  readonly rest: string;
}

export const JSON_TYPE = { "content-type": "application/json" };

/** The same bytes as the body of each way. */
export function body(name: string, place: Place, text: Body, status: number, code: string, options: RowOptions = {}): Row {
  const { as = "user", says = "", entered = 0, headers = JSON_TYPE } = options;
  const write = (path: string) => (facts: Facts) => ({
    ...{ method: "POST", path, headers },
    body: typeof text === "function" ? text(facts) : text,
  });
  return { name, as, status, code, says, entered, requests: { trpc: write(`/trpc/${place.trpc}`), rest: write(place.rest) } };
}

/** A call as a client of each way would write it. */
export function call(
  name: string,
  path: string,
  procedure: AnyProcedure,
  input: unknown,
  status: number,
  code: string,
  options: RowOptions = {},
): Row {
  const { as = "user", says = "", entered = 0, headers = {} } = options;
  const write = (way: PublicWay) => (facts: Facts) =>
    writeCall(way, { path, procedure }, typeof input === "function" ? input(facts) : input, headers);
  return { name, as, status, code, says, entered, requests: { trpc: write("trpc"), rest: write("rest") } };
}

/** A request that each way writes for itself; one that has no such thing is left out. */
export function written(
  name: string,
  requests: Readonly<Partial<Record<PublicWay, Partial<WrittenRequest> & { readonly path: string }>>>,
  status: number,
  code: string,
  { as = "user", says = "", entered = 0, headers = {} }: RowOptions = {},
): Row {
  const whole = (request: Partial<WrittenRequest> & { readonly path: string }) => () => ({ method: "GET", headers, ...request });
  const { trpc, rest } = requests;
  return {
    ...{ name, as, status, code, says, entered },
    requests: { ...(trpc === undefined ? {} : { trpc: whole(trpc) }), ...(rest === undefined ? {} : { rest: whole(rest) }) },
  };
}
