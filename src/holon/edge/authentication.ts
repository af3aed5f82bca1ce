import { catalogueError, type HolonError, isHolonError, type Principal } from "../kernel/index.ts";
import { parsePrincipal } from "../wire/index.ts";
import { EdgeRequest, parseConnectionParams } from "./edge-request.ts";
import type { Exchange } from "./exchange.ts";
import type { TrpcUrl } from "./trpc-url.ts";

/** Who goes on when it is known for whom a request is made. */
export interface PrincipalReceiver {
  start(principal: Principal): void;
  refuse(error: HolonError): void;
}

/**
 * Asks the app for whom a request is made, once for all of its calls.
 *
 * Guarantee: calls the receiver once; an app that answers at once costs no promise.
 */
export function authenticateRequest(exchange: Exchange, url: Pick<TrpcUrl, "connectionParams">, receiver: PrincipalReceiver): void {
  const { parts, request } = exchange;
  const connectionParams = parseConnectionParams(url.connectionParams);
  if (connectionParams === false) {
    receiver.refuse(catalogueError("BAD_REQUEST", "connectionParams is not a JSON object of strings."));
    return;
  }
  const accept = (answer: Principal): void => {
    const principal = parsePrincipal(answer);
    // A system passes every access check; from outside it can only be a mistake of `authenticate`.
    if (principal === undefined || principal.kind === "system")
      refuse(catalogueError("INTERNAL", "authenticate answered a system, or what is no principal"));
    else receiver.start(principal);
  };
  const refuse = (thrown: unknown): void => receiver.refuse(toRefusal(exchange, thrown));
  let principal: Principal | Promise<Principal>;
  try {
    principal = parts.authenticate(new EdgeRequest(request, parts.proxies, connectionParams));
  } catch (thrown) {
    refuse(thrown);
    return;
  }
  if (principal instanceof Promise) principal.then(accept, refuse);
  else accept(principal);
}

/** What is not an error of the toolkit is a token that could not be read: libraries throw their own classes for that. */
function toRefusal({ parts }: Exchange, thrown: unknown): HolonError {
  if (isHolonError(thrown)) return parts.boundary.toPublic(thrown, { procedure: "authenticate", traceId: undefined });
  parts.log.warn({ err: thrown }, "authenticate refused a request");
  return catalogueError("UNAUTHORIZED", "The credentials of the request are not valid.");
}
