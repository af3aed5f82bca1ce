import { ANONYMOUS, catalogueError, type HolonError, isHolonError, isInstanceOf, type Principal, readSafely } from "../../kernel/index.ts";
import { parsePrincipal } from "../../mesh/protocol/index.ts";
import type { EdgeParts } from "../edge-parts.ts";
import type { AddressedClient } from "../rates/index.ts";
import type { TrpcUrl } from "../trpc/trpc-url.ts";
import { EdgeRequest, parseConnectionParams } from "./edge-request.ts";
import type { Exchange } from "./exchange.ts";

/** Who goes on when it is known for whom a request is made. */
export interface PrincipalReceiver {
  /** `client` is where the request comes from, for limits that count by address. */
  start(principal: Principal, client: AddressedClient): void;
  refuse(error: HolonError): void;
}

/** Asks for whom the request of an exchange is made, once for all of its calls. Guarantees: as {@link identifyClient}. */
export function authenticateRequest(exchange: Exchange, url: Pick<TrpcUrl, "connectionParams">, receiver: PrincipalReceiver, callCount = 1): void {
  const { parts, request } = exchange;
  const connectionParams = parseConnectionParams(url.connectionParams);
  if (connectionParams === false) receiver.refuse(catalogueError("BAD_REQUEST", "connectionParams is not a JSON object of Unicode strings."));
  else {
    exchange.callsCount();
    identifyClient(parts, new EdgeRequest(request, parts.proxies, connectionParams), receiver, callCount);
  }
}

/**
 * Asks the app who a client is, and refuses who asks too often.
 *
 * Guarantee: calls the receiver once; an app that answers at once costs no promise. Credentials that are not good count against the address
 * that they came from.
 */
export function identifyClient(parts: EdgeParts, client: EdgeRequest, receiver: PrincipalReceiver, callCount: number): void {
  const accept = (answer: Principal): void => {
    // A getter or a proxy of the answer may throw.
    const principal = readSafely(() => parsePrincipal(answer), undefined);
    // A system passes every access check; from outside it can only be a mistake of `authenticate`.
    if (principal === undefined || principal.kind === "system")
      return receiver.refuse(toRefusal(parts, catalogueError("INTERNAL", "authenticate answered a system, or what is no principal")));
    const refusal = parts.rates.admit(principal, client, callCount);
    if (refusal === undefined) receiver.start(principal, client);
    else receiver.refuse(refusal);
  };
  const refuse = (thrown: unknown): void => receiver.refuse(parts.rates.admit(ANONYMOUS, client, callCount) ?? toRefusal(parts, thrown));
  let answer: Principal | Promise<Principal>;
  try {
    answer = parts.authenticate(client);
  } catch (thrown) {
    refuse(thrown);
    return;
  }
  if (isInstanceOf<Promise<Principal>>(answer, Promise)) answer.then(accept, refuse);
  else accept(answer);
}

/** What is not an error of the toolkit is a token that could not be read: libraries throw their own classes for that. */
function toRefusal({ boundary, log }: EdgeParts, thrown: unknown): HolonError {
  if (isHolonError(thrown)) return boundary.toPublic(thrown, { procedure: "authenticate", traceId: undefined });
  log.warn({ err: thrown }, "authenticate refused a request");
  return catalogueError("UNAUTHORIZED", "The credentials of the request are not valid.");
}
