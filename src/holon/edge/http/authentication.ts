import { catalogueError, type HolonError, isHolonError } from "../../kernel/holon-error.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { isInstanceOf, readSafely } from "../../kernel/thrown.ts";
import { parsePrincipal } from "../../mesh/protocol/wire-principal.ts";
import type { EdgeDeps } from "../edge-deps.ts";
import type { AddressedClient } from "../rates/procedure-rates.ts";
import type { TrpcUrl } from "../trpc/trpc-url.ts";
import { EdgeRequest, parseConnectionParams } from "./edge-request.ts";
import type { HttpExchange } from "./http-exchange.ts";

/** Receives the principal of a request, or the error if the request is refused. */
export interface PrincipalReceiver {
  /** `client` is the address of the request, for limits that count by address. */
  start(principal: Principal, client: AddressedClient): void;
  refuse(error: HolonError): void;
}

/** Authenticates the request of an exchange, once for all of its calls. Guarantees: as {@link identifyClient}. */
export function authenticateRequest(
  exchange: HttpExchange,
  url: Pick<TrpcUrl, "connectionParams">,
  receiver: PrincipalReceiver,
  callCount = 1,
): void {
  const { deps, request } = exchange;
  const connectionParams = parseConnectionParams(url.connectionParams);
  if (connectionParams === false) receiver.refuse(catalogueError("BAD_REQUEST", "connectionParams is not a JSON object of Unicode strings."));
  else {
    exchange.callsCount();
    identifyClient(deps, new EdgeRequest(request, deps.proxies, connectionParams), receiver, callCount);
  }
}

/**
 * Asks the app for the principal of a client, and refuses a client that sends too many requests.
 *
 * Guarantee: calls the receiver once. If `authenticate` returns no promise, none is made here. Invalid credentials count against the address that
 * sent them.
 */
export function identifyClient(deps: EdgeDeps, client: EdgeRequest, receiver: PrincipalReceiver, callCount: number): void {
  const accept = (answer: Principal): void => {
    // A getter or a proxy of the answer may throw.
    const principal = readSafely(() => parsePrincipal(answer), undefined);
    // A system principal passes every access check. If `authenticate` returns one for an outside request, that can only be a mistake.
    if (principal === undefined || principal.kind === "system")
      return receiver.refuse(toRefusal(deps, catalogueError("INTERNAL", "authenticate returned a system, or a value that is not a principal")));
    const refusal = deps.rates.admit(principal, client, callCount);
    if (refusal === undefined) receiver.start(principal, client);
    else receiver.refuse(refusal);
  };
  const refuse = (thrown: unknown): void => receiver.refuse(deps.rates.admit(ANONYMOUS, client, callCount) ?? toRefusal(deps, thrown));
  let answer: Principal | Promise<Principal>;
  try {
    answer = deps.authenticate(client);
  } catch (thrown) {
    refuse(thrown);
    return;
  }
  if (isInstanceOf<Promise<Principal>>(answer, Promise)) answer.then(accept, refuse);
  else accept(answer);
}

/** An error that is not a HolonError counts as an invalid token, because token libraries throw errors of their own classes. */
function toRefusal({ boundary, log }: EdgeDeps, thrown: unknown): HolonError {
  if (isHolonError(thrown)) return boundary.toPublic(thrown, { procedure: "authenticate", traceId: undefined });
  log.warn({ err: thrown }, "authenticate refused a request");
  return catalogueError("UNAUTHORIZED", "The credentials of the request are not valid.");
}
