import type { FastifyInstance, FastifyRequest } from "fastify";
import type { HolonError } from "../../kernel/holon-error.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import type { CallMetrics } from "../../observe/call-metrics.ts";
import type { CreateEdgeDeps } from "../edge.ts";
import type { EdgeDeps } from "../edge-deps.ts";
import { identifyClient } from "../http/authentication.ts";
import { cookieText, isHttps, readCookie } from "../http/cookies.ts";
import { type CallOwner, EdgeCall, notFound } from "../http/edge-call.ts";
import { EdgeRequest } from "../http/edge-request.ts";
import { checkInput, parseJsonText, RefusedInput, unicodeRefusal } from "../http/json-input.ts";
import { assertSameOrigin, crossSiteRefusal } from "../http/origin-policy.ts";
import { notUtf8, utf8Text } from "../http/request-text.ts";
import type { AppEdge } from "./app-routes.ts";

/** Lets the app add its routes. Errors that the routes throw are answered like any other error outside of tRPC. */
export function addAppRoutes(app: FastifyInstance, deps: EdgeDeps, given: CreateEdgeDeps): void {
  const { appRoutes, metrics, isProduction = false } = given;
  if (appRoutes === undefined) return;
  app.register(async (scope) => {
    scope.addHook("onRequest", async (request) => {
      const refusal = crossSiteRefusal(request.raw, deps.cors, true);
      if (refusal !== undefined) throw refusal;
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
      const text = utf8Text(body as Buffer);
      if (text === undefined) return done(notUtf8("The body", ""));
      const parsed = parseJsonText(text);
      const refusal = parsed instanceof RefusedInput ? parsed.error : unicodeRefusal(parsed);
      if (refusal === undefined) done(null, parsed);
      else done(refusal);
    });
    await appRoutes(scope, createAppEdge(deps, metrics, isProduction));
  });
}

/** Makes the object through which the app's own routes call procedures. */
function createAppEdge(deps: EdgeDeps, metrics: CallMetrics, isProduction: boolean): AppEdge {
  const clientOf = (request: FastifyRequest): EdgeRequest => new EdgeRequest(request.raw, deps.proxies, undefined);
  const run = async (procedure: string, input: unknown, principal: Principal, client: EdgeRequest): Promise<unknown> => {
    const refusal = checkInput(input, deps.limits);
    if (refusal !== undefined) throw refusal;
    return runCall(deps, metrics, { procedure, input, principal, client });
  };
  return {
    isProduction,
    async call(procedure, input, request) {
      const client = clientOf(request);
      return run(procedure, input, await principalOf(deps, client), client);
    },
    async callAnonymously(procedure, input, request) {
      const client = clientOf(request);
      const refusal = deps.rates.admit(ANONYMOUS, client, 1);
      if (refusal !== undefined) throw refusal;
      return run(procedure, input, ANONYMOUS, client);
    },
    assertSameOrigin,
    cookie: readCookie,
    setCookie(request, reply, name, value, cookie) {
      reply.header("set-cookie", cookieText(name, value, { ...cookie, isSecure: isProduction || isHttps(request) }));
    },
  };
}

function principalOf(deps: EdgeDeps, client: EdgeRequest): Promise<Principal> {
  return new Promise((resolve, refuse) => identifyClient(deps, client, { start: resolve, refuse }, 1));
}

interface AppCall {
  readonly procedure: string;
  readonly input: unknown;
  readonly principal: Principal;
  readonly client: EdgeRequest;
}

function runCall(deps: EdgeDeps, metrics: CallMetrics, { procedure: path, input, principal, client }: AppCall): Promise<unknown> {
  const found = deps.routes.find(path);
  if (found === undefined || found.target.procedure.type === "subscription") return Promise.reject(notFound(path));
  const route = { ...found, series: metrics.series({ procedure: path, caller: "outside", transport: "app" }) };
  return new Promise((resolve, reject: (error: HolonError) => void) => {
    const owner: CallOwner = {
      settled: ({ error, json }) => (error === undefined ? resolve(json === undefined ? undefined : JSON.parse(json)) : reject(error)),
    };
    const call = {
      index: 0,
      path,
      route,
      input,
      key: undefined,
      deadlineMs: deps.limits.deadlineMs,
      trace: deps.traces.from(client.header("traceparent")),
    };
    new EdgeCall(deps, owner, call, deps.clock.monotonicMs()).start(principal, client);
  });
}
