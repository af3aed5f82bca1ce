import { type AskApp, type Authenticate, catalogueError, isHolonError, type UserPrincipal } from "holon";
import { TicketHolder } from "#contracts/users";
import type { Tokens } from "./tokens.ts";

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,4096})$/i;

/**
 * Identifies the user of a request: by its bearer token, or by the one-use ticket in its `connectionParams`.
 *
 * A token that was verified recently is accepted without another check. A ticket is redeemed in the users context, which issued it, so that it is
 * valid only once, whichever edge process gets it.
 */
export function createAuthenticate(tokens: Tokens): Authenticate {
  return ({ authorization, connectionParams }, ask) => {
    if (authorization === undefined) {
      const ticket = connectionParams?.["ticket"];
      return ticket === undefined ? undefined : redeem(ticket, ask);
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw catalogueError("UNAUTHORIZED", "Send the token as `authorization: Bearer <token>`.");
    return tokens.recall(token) ?? tokens.verify(token);
  };
}

async function redeem(ticket: string, ask: AskApp): Promise<UserPrincipal> {
  try {
    return { kind: "user", ...TicketHolder.parse(await ask("users.redeemTicket", { ticket })) };
  } catch (error) {
    if (isHolonError(error, "BAD_REQUEST")) throw catalogueError("UNAUTHORIZED", "The ticket is not valid or has expired.");
    throw error;
  }
}
