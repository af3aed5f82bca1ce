import { initTRPC, tracked } from "@trpc/server";
import { z } from "zod";
import { type AnyProcedure, createParser, mutation, ParseFailure, query, subscription, type Target, type TargetMap } from "../contract/index.ts";
import { systemClock } from "../kernel/clock.ts";
import { catalogueError, HolonError } from "../kernel/holon-error.ts";
import { DEFAULT_LIMITS, type Limits } from "../kernel/limits.ts";
import type { Logger } from "../kernel/log.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";
import { Timers } from "../kernel/timers.ts";
import { CallMetrics } from "../observe/call-metrics.ts";
import { createEdge } from "./create-edge.ts";
import type { CreateEdgeDeps, Edge } from "./edge.ts";

/** What a target of the tests does with a parsed input. */
type Handler = (input: never, scope: Scope) => unknown;

/** A target without the pipeline. It parses the input by the contract's schema, runs a function, and keeps the scope of each call. */
export class HandTarget implements Target {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly scopes: Scope[] = [];
  readonly #parse: (value: unknown) => unknown;
  readonly #handler: Handler;

  constructor(path: string, procedure: AnyProcedure, handler: Handler) {
    this.path = path;
    this.procedure = procedure;
    this.#parse = createParser(procedure.input as z.ZodType);
    this.#handler = handler;
  }

  async invoke(scope: Scope, input: unknown): Promise<unknown> {
    const parsed = this.#parse(input);
    if (parsed instanceof ParseFailure) throw parsed.toBadRequest();
    this.scopes.push(scope);
    return this.#handler(parsed as never, scope);
  }

  async *subscribe(scope: Scope, input: unknown): AsyncIterable<unknown> {
    const parsed = this.#parse(input);
    if (parsed instanceof ParseFailure) throw parsed.toBadRequest();
    this.scopes.push(scope);
    yield* this.#handler(parsed as never, scope) as AsyncIterable<unknown>;
  }
}

/** An answer of 250 bytes, as in the benchmarks. */
export const PRODUCT = {
  id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  name: "Louisiana Fiery Hot Pepper Sauce",
  priceCents: 2105,
  stock: 76,
  version: 3,
  text: "32 - 8 oz bottles of a sauce with umlauts: äöü, and a emoji 🌶. It is very hot, and a little sour",
};

const Id = z.object({ id: z.string().max(100) });

/** The procedures of the tests. Some are in {@link createReferenceRouter} too, and answer the same there. */
function createTargets(more: readonly HandTarget[] = []): Map<string, HandTarget> {
  const access = "public" as const;
  const targets = [
    new HandTarget("catalog.get", query({ access, input: Id }), ({ id }: { id: string }) => ({ ...PRODUCT, id })),
    new HandTarget("catalog.nothing", query({ access }), () => undefined),
    new HandTarget("catalog.rename", mutation({ access, input: z.object({ name: z.string() }) }), ({ name }: { name: string }) => ({ name })),
    new HandTarget("catalog.touch", mutation({ access }), () => "touched"),
    new HandTarget("catalog.strict", mutation({ access, input: z.strictObject({ amount: z.int().min(1) }) }), (input) => input),
    new HandTarget("catalog.any", mutation({ access, input: z.json() }), (input) => typeof input),
    new HandTarget("catalog.missing", query({ access, input: Id }), () => {
      throw catalogueError("NOT_FOUND", "no such product");
    }),
    new HandTarget("catalog.soldOut", mutation({ access, errors: { OUT_OF_STOCK: z.object({ available: z.int() }) } }), () => {
      throw new HolonError("OUT_OF_STOCK", "sold out", { details: { available: 0 } });
    }),
    new HandTarget("catalog.wordy", query({ access, errors: { WORDY: z.object({ text: z.string() }) } }), () => {
      throw new HolonError("WORDY", "ä".repeat(1_000), { details: { text: "x".repeat(12_000) } });
    }),
    new HandTarget("catalog.broken", query({ access }), () => {
      throw new TypeError("select password from users -- at /srv/app/secret.ts");
    }),
    new HandTarget("catalog.hangs", query({ access }), () => new Promise(() => {})),
    new HandTarget("catalog.waits", mutation({ access }), (_input, scope) => new Promise((_resolve, reject) => scope.onCancel(reject))),
    new HandTarget("catalog.gated", query({ access, input: Id }), ({ id }: { id: string }) => gate(id).then(() => id)),
    new HandTarget("catalog.large", query({ access, input: z.object({ length: z.int() }) }), ({ length }: { length: number }) => "ä".repeat(length)),
    new HandTarget("catalog.whoami", query({ access }), (_input, scope) => ({
      principal: scope.principal,
      key: scope.key ?? null,
      caller: scope.caller,
    })),
    new HandTarget("catalog.reserve", mutation({ access: "internal" }), () => "reserved"),
    new HandTarget(
      "catalog.prices",
      subscription({ access, input: z.object({ lastEventId: z.string().optional(), count: z.int() }), resumable: true }),
      prices,
    ),
    ...more,
  ];
  return new Map(targets.map((target) => [target.path, target]));
}

/** Waiting calls of `catalog.gated`, by id. */
const gates = new Map<string, (() => void)[]>();

function gate(id: string): Promise<void> {
  return new Promise((resolve) => gates.set(id, [...(gates.get(id) ?? []), resolve]));
}

/** Resumes every waiting call of `catalog.gated` with this id. Returns whether a call waited. */
export function openGate(id: string): boolean {
  const waiting = gates.get(id);
  gates.delete(id);
  for (const resolve of waiting ?? []) resolve();
  return waiting !== undefined;
}

async function* prices({ lastEventId, count }: { lastEventId?: string | undefined; count: number }) {
  for (let number = Number(lastEventId ?? 0) + 1; number <= count; number++) yield { id: String(number), data: { cents: number } };
}

/** A router of tRPC's own, with some of the procedures. Tests compare the bytes of its answers with those of the edge. */
export function createReferenceRouter(sse: { readonly pingMs: number; readonly reconnectMs: number }) {
  const t = initTRPC.create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: sse.pingMs }, client: { reconnectAfterInactivityMs: sse.reconnectMs } },
  });
  return t.router({
    catalog: t.router({
      get: t.procedure.input(Id).query(({ input }) => ({ ...PRODUCT, id: input.id })),
      nothing: t.procedure.query(() => undefined),
      rename: t.procedure.input(z.object({ name: z.string() })).mutation(({ input }) => ({ name: input.name })),
      touch: t.procedure.mutation(() => "touched"),
      waits: t.procedure.mutation(() => new Promise<string>(() => {})),
      gated: t.procedure.input(Id).query(({ input }) => gate(input.id).then(() => input.id)),
      hangs: t.procedure.query(() => new Promise<string>(() => {})),
      prices: t.procedure.input(z.object({ lastEventId: z.string().optional(), count: z.int() })).subscription(async function* ({ input }) {
        for await (const { id, data } of prices(input)) yield tracked(id, data);
      }),
    }),
  });
}

/** The type with which the official clients of the tests are made. */
export type ReferenceRouter = ReturnType<typeof createReferenceRouter>;

/** A logger that keeps its lines. */
export class KeptLog implements Logger {
  readonly lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  debug(fields: object, message: string): void {
    this.#keep("debug", fields, message);
  }
  info(fields: object, message: string): void {
    this.#keep("info", fields, message);
  }
  warn(fields: object, message: string): void {
    this.#keep("warn", fields, message);
  }
  error(fields: object, message: string): void {
    this.#keep("error", fields, message);
  }
  child(): Logger {
    return this;
  }
  #keep(level: string, fields: object, message: string): void {
    this.lines.push({ level, fields: fields as Record<string, unknown>, message });
  }
}

/** An edge, with everything that a test may inspect. */
export interface EdgeUnderTest {
  readonly edge: Edge;
  readonly url: string;
  readonly targets: Map<string, HandTarget>;
  readonly timers: Timers;
  readonly log: KeptLog;
  readonly metrics: CallMetrics;
  close(): Promise<void>;
}

/** Opens an edge on a free port of the loopback. */
export async function openEdge(
  options: Partial<Omit<CreateEdgeDeps, "limits" | "targets">> & { readonly limits?: Partial<Limits>; readonly more?: readonly HandTarget[] } = {},
): Promise<EdgeUnderTest> {
  const { limits, more, ...rest } = options;
  const targets = createTargets(more);
  const timers = new Timers(systemClock.monotonicMs);
  const log = new KeptLog();
  const metrics = new CallMetrics({ procedures: targets.keys(), callers: [] });
  const edge = await createEdge({
    ...{ targets: targets as TargetMap, timers, log, metrics, clock: systemClock, host: "127.0.0.1", port: 0 },
    authenticate: () => ANONYMOUS,
    readiness: () => ({ ready: true, reasons: [] }),
    limits: { ...DEFAULT_LIMITS, graceMs: 60_000, ...limits },
    ...rest,
  });
  const close = async (): Promise<void> => {
    await edge.close();
    timers.close();
  };
  return { edge, url: edge.url, targets, timers, log, metrics, close };
}
