import { type Authenticate, catalogueError } from "holon";
import type { Tokens } from "./tokens.ts";

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,4096})$/i;

/** Who a request comes from: the user of its bearer token. */
export function createAuthenticate(tokens: Tokens): Authenticate {
  return ({ authorization }) => {
    if (authorization === undefined) return undefined;
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw catalogueError("UNAUTHORIZED", "Send the token as `authorization: Bearer <token>`.");
    return tokens.verify(token);
  };
}
