import type { FastifyRequest } from "fastify";
import { ANONYMOUS, catalogueError, type HolonError, isHolonError, type Principal } from "../kernel/index.ts";
import type { CallMetrics } from "../observe/index.ts";
import { parsePrincipal } from "../wire/index.ts";
import type { AppEdge } from "./app-routes.ts";
import { cookieText, isHttps, readCookie } from "./cookies.ts";
import { type CallOwner, EdgeCall, notFound } from "./edge-call.ts";
import type { EdgeParts } from "./edge-parts.ts";
import { EdgeRequest } from "./edge-request.ts";
import { checkInput } from "./json-input.ts";
import type { AddressedClient } from "./rates/index.ts";
import { assertSameOrigin } from "./same-origin.ts";

/** What {@link createAppEdge} needs. */
export interface AppEdgeOptions {
  readonly parts: EdgeParts;
  readonly metrics: CallMetrics;
  readonly isProduction: boolean;
}

/** Makes what the app's own routes call through. */
export function createAppEdge({ parts, metrics, isProduction }: AppEdgeOptions): AppEdge {
  const clientOf = (request: FastifyRequest): EdgeRequest => new EdgeRequest(request.raw, parts.proxies, undefined);
  const run = async (procedure: string, input: unknown, principal: Principal, request: FastifyRequest): Promise<unknown> => {
    const client = clientOf(request);
    const refusal = parts.rates.admit(principal, client, 1) ?? checkInput(input, parts.limits);
    if (refusal !== undefined) throw refusal;
    return runCall(parts, metrics, { procedure, input, principal, client, traceparent: request.headers.traceparent as string | undefined });
  };
  return {
    isProduction,
    call: async (procedure, input, request) => run(procedure, input, await principalOf(parts, clientOf(request)), request),
    callAnonymously: (procedure, input, request) => run(procedure, input, ANONYMOUS, request),
    assertSameOrigin,
    cookie: readCookie,
    setCookie(request, reply, name, value, cookie) {
      reply.header("set-cookie", cookieText(name, value, { ...cookie, isSecure: isProduction || isHttps(request) }));
    },
  };
}

/** Who makes a request. Credentials that are not good count against the address that they came from. */
async function principalOf({ authenticate, boundary, log, rates }: EdgeParts, client: EdgeRequest): Promise<Principal> {
  let answer: Principal;
  try {
    answer = await authenticate(client);
  } catch (thrown) {
    const refusal = rates.admit(ANONYMOUS, client, 1);
    if (refusal !== undefined) throw refusal;
    if (isHolonError(thrown)) throw boundary.toPublic(thrown, { procedure: "authenticate", traceId: undefined });
    log.warn({ err: thrown }, "authenticate refused a request");
    throw catalogueError("UNAUTHORIZED", "The credentials of the request are not valid.");
  }
  const principal = parsePrincipal(answer);
  // A system passes every access check; from outside it can only be a mistake of `authenticate`.
  if (principal === undefined || principal.kind === "system")
    throw catalogueError("INTERNAL", "authenticate answered a system, or what is no principal");
  return principal;
}

interface AppCall {
  readonly procedure: string;
  readonly input: unknown;
  readonly principal: Principal;
  readonly client: AddressedClient;
  readonly traceparent: string | undefined;
}

function runCall(parts: EdgeParts, metrics: CallMetrics, { procedure: path, input, principal, client, traceparent }: AppCall): Promise<unknown> {
  const found = parts.routes.find(path);
  if (found === undefined || found.target.procedure.type === "subscription") return Promise.reject(notFound(path));
  const route = { ...found, series: metrics.series({ procedure: path, caller: "outside", transport: "app" }) };
  return new Promise((resolve, reject: (error: HolonError) => void) => {
    const owner: CallOwner = {
      settled: ({ error, json }) => (error === undefined ? resolve(json === undefined ? undefined : JSON.parse(json)) : reject(error)),
    };
    const options = { index: 0, path, route, input, key: undefined, deadlineMs: parts.limits.deadlineMs, trace: parts.traces.from(traceparent) };
    new EdgeCall(parts, owner, options, parts.clock.monotonicMs()).start(principal, client);
  });
}
