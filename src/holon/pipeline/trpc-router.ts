import { type AnyTRPCRouter, initTRPC, TRPCError } from "@trpc/server";
import type { AnyProcedure, Target, TargetMap } from "../contract/index.ts";
import type { Clock } from "../kernel/clock.ts";
import { TRPC_CODE_NUMBERS } from "../kernel/error-catalogue.ts";
import { HolonError, isHolonError } from "../kernel/holon-error.ts";
import type { Limits } from "../kernel/limits.ts";
import type { Principal } from "../kernel/principal.ts";
import { Scope } from "../kernel/scope.ts";
import { parsePrincipal } from "../mesh/protocol/wire-principal.ts";

/** The tRPC context of a context's router. */
export interface RouterContext {
  readonly principal: Principal;
  /** Idempotency key of the calls that use this context. */
  readonly key?: string;
}

const t = initTRPC.context<RouterContext>().create({
  // Otherwise, unless NODE_ENV is production, tRPC adds stacks to its own errors, for example for an unknown path.
  isDev: false,
  errorFormatter({ shape, error }) {
    const { cause } = error;
    if (!isHolonError(cause)) return shape;
    const { path } = shape.data;
    return {
      ...shape,
      message: cause.message,
      code: TRPC_CODE_NUMBERS[cause.row.trpc],
      data: { code: cause.code, httpStatus: cause.status, path, details: cause.details },
    };
  },
});

/**
 * A real tRPC router over compiled procedures. `createCaller` and tRPC's own adapters work on it.
 *
 * Every call runs the same pipeline, which parses the input. Internal procedures are on the router, for callers inside the app. If you serve the router to the
 * outside, leave these procedures out with `outside: true`.
 */
export function createContextRouter(
  { targets, clock, limits }: { readonly targets: TargetMap; readonly clock: Clock; readonly limits: Limits },
  { outside = false } = {},
): AnyTRPCRouter {
  const record: NestedRecord = {};
  for (const target of targets.values()) {
    if (outside && target.procedure.access === "internal") continue;
    const [, ...names] = target.path.split(".");
    put(record, names, toTrpcProcedure(target, clock, limits));
  }
  return t.router(record as Parameters<typeof t.router>[0]);
}

interface NestedRecord {
  [name: string]: unknown;
}

function put(record: NestedRecord, [first = "", ...rest]: string[], procedure: unknown): void {
  if (rest.length === 0) {
    record[first] = procedure;
    return;
  }
  record[first] ??= {};
  put(record[first] as NestedRecord, rest, procedure);
}

type Resolver = (options: { readonly ctx: RouterContext; readonly input: unknown; readonly signal: AbortSignal | undefined }) => unknown;

function toTrpcProcedure(target: Target, clock: Clock, limits: Limits): unknown {
  const { procedure } = target;
  const scopeFor = ({ ctx, signal }: Parameters<Resolver>[0]): Scope => {
    const principal = parsePrincipal(ctx.principal);
    if (principal === undefined) throw new HolonError("INTERNAL", "The `principal` in the router's context is not a valid principal.");
    const scope = Scope.root({ principal, deadlineAtMs: clock.monotonicMs() + limits.deadlineMs, caller: "edge", key: ctx.key });
    signal?.addEventListener("abort", () => scope.cancel(new HolonError("CANCELLED", "The caller cancelled the call.")), { once: true });
    return scope;
  };
  const call: Resolver = async (options) => {
    try {
      return await target.invoke(scopeFor(options), options.input);
    } catch (error) {
      throw toTrpcError(error);
    }
  };
  const stream: Resolver = async function* (options) {
    try {
      yield* target.subscribe(scopeFor(options), options.input);
    } catch (error) {
      throw toTrpcError(error);
    }
  };
  const built = t.procedure.input(passThrough(procedure));
  if (procedure.type === "query") return built.query(call as never);
  if (procedure.type === "mutation") return built.mutation(call as never);
  return built.subscription(stream as never);
}

/** The pipeline parses the input. tRPC shows the schema to its tools and passes the input on unchanged. */
function passThrough(procedure: AnyProcedure): (input: unknown) => unknown {
  return Object.assign((input: unknown) => input, { schema: procedure.input });
}

function toTrpcError(error: unknown): TRPCError {
  if (!isHolonError(error)) return new TRPCError({ code: "INTERNAL_SERVER_ERROR", cause: error });
  return new TRPCError({ code: error.row.trpc, message: error.message, cause: error });
}
