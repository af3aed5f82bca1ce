import type { AnyProcedure } from "holon/contract";
import type { PublicWay, WrittenRequest } from "../subject/public-call.ts";
import { writeCall } from "../subject/public-call.ts";

/** Rows that exist when the requests are sent. */
export interface Facts {
  /** An order of another user. */
  readonly foreignOrderId: string;
  readonly productId: string;
  /** An e-mail address that has an account. */
  readonly email: string;
}

/** The sender of a request. Most invalid senders have a token with one fault. */
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

/** One bad request, in the form of each public protocol, and the answer that it must get by each. */
export interface Row {
  readonly name: string;
  readonly as: Sender;
  readonly requests: Readonly<Partial<Record<PublicWay, (facts: Facts) => WrittenRequest>>>;
  readonly status: number;
  readonly code: string;
  /** A text that the answer must contain. */
  readonly says: string;
  /** How many handler calls the request causes: 0, unless only the handler can find the fault. */
  readonly entered: number;
}

/** The optional parts of a row. */
export interface RowOptions {
  readonly as?: Sender;
  readonly says?: string;
  readonly entered?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

type Body = string | Buffer | ((facts: Facts) => string);

/** The path of a mutation with a JSON body and no parameters in its path, for each protocol. */
export interface Place {
  readonly trpc: string;
  readonly rest: string;
}

export const JSON_TYPE = { "content-type": "application/json" };

/** A request with the same body for each protocol. */
export function body(name: string, place: Place, text: Body, status: number, code: string, options: RowOptions = {}): Row {
  const { as = "user", says = "", entered = 0, headers = JSON_TYPE } = options;
  const write = (path: string) => (facts: Facts) => ({
    ...{ method: "POST", path, headers },
    body: typeof text === "function" ? text(facts) : text,
  });
  return { name, as, status, code, says, entered, requests: { trpc: write(`/trpc/${place.trpc}`), rest: write(place.rest) } };
}

/** A call as a client of each protocol writes it. */
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

/** A request that is written out for each protocol; a protocol without such a request is left out. */
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
