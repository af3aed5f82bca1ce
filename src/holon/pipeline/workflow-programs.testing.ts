import fc from "fast-check";
import type { ContextData } from "../data/context-data.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import { markOrigin } from "../kernel/origin.ts";
import { orderTables, type PlaceBody } from "./workflows.fixture.testing.ts";

/** A part of a random body. */
export type Program =
  | { readonly kind: "step"; readonly how: "transaction" | "run" | "call"; readonly ms: number; readonly fails: boolean }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "wait"; readonly key: number; readonly ms: number }
  | { readonly kind: "seq" | "all" | "race" | "any" | "settled"; readonly of: readonly Program[] }
  /** The same promise in two races, one after the other. */
  | { readonly kind: "twice"; readonly first: Program; readonly others: readonly [Program, Program] };

/** Random bodies that combine steps in every way that promises allow. */
export const programs: fc.Arbitrary<Program> = fc.letrec<{ program: Program; leaf: Program }>((tie) => ({
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant("step" as const),
      how: fc.constantFrom("transaction" as const, "run" as const, "call" as const),
      ms: fc.integer({ min: 0, max: 25 }),
      fails: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("sleep" as const), ms: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ kind: fc.constant("wait" as const), key: fc.integer({ min: 0, max: 1 }), ms: fc.integer({ min: 20, max: 150 }) }),
  ),
  program: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("leaf"),
    fc.record({
      kind: fc.constantFrom("seq" as const, "all" as const, "race" as const, "race" as const, "any" as const, "settled" as const),
      of: fc.array(tie("program"), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("twice" as const), first: tie("leaf"), others: fc.tuple(tie("program"), tie("program")) }),
  ),
})).program;

type Step = Parameters<PlaceBody>[0]["step"];

/** Runs a program as a body. Each branch that it takes is a step whose name is the branch and whose effect is a row: `took <place> <branch>`. */
export async function runProgram(program: Program, step: Step, key: string): Promise<void> {
  const took = (place: string, branch: string): Promise<unknown> =>
    step.transaction(`took ${place} ${branch}`, ({ tx }) => tx.db.insert(orderTables.happened).values({ what: `took ${place} ${branch}`, run: key }));
  const settled = (promise: Promise<string>): Promise<string> => promise.catch((error: Error) => `failed ${error.message}`);
  const run = async (at: string, piece: Program): Promise<string> => {
    if (piece.kind === "step") return act(step, key, at, piece);
    if (piece.kind === "sleep") return step.sleep(`${at} sleep`, piece.ms).then(() => "slept");
    if (piece.kind === "wait") {
      const event = await step.waitFor(`${at} wait`, { event: "payments.paymentTaken", key: `${key} ${piece.key}`, timeoutMs: piece.ms });
      return event === undefined ? "late" : `paid ${event.cents}`;
    }
    if (piece.kind === "twice") {
      const first = run(`${at}.f`, piece.first).then((value) => `f ${value}`);
      for (const [n, other] of piece.others.entries()) {
        const winner = await settled(Promise.race([first, run(`${at}.${n}`, other).then((value) => `${n} ${value}`)]));
        await took(`${at}.r${n}`, winner.slice(0, 60));
      }
      return "twice";
    }
    if (piece.kind === "seq") {
      let last = "";
      for (const [n, next] of piece.of.entries()) last = await run(`${at}.${n}`, next);
      return last;
    }
    const branches = piece.of.map((next, n) => run(`${at}.${n}`, next).then((value) => `${n} ${value}`));
    const joined = {
      all: () => Promise.all(branches).then((values) => values.join(",")),
      race: () => Promise.race(branches),
      any: () => Promise.any(branches).catch(() => Promise.reject(new TypeError("none"))),
      settled: () => Promise.allSettled(branches).then((outcomes) => outcomes.map(({ status }) => status[0]).join("")),
    };
    const branch = (await settled(joined[piece.kind]())).slice(0, 60);
    await took(at, branch);
    return branch;
  };
  await took("end", (await settled(run("", program))).slice(0, 60));
}

async function act(step: Step, key: string, at: string, { how, ms, fails }: Extract<Program, { readonly kind: "step" }>): Promise<string> {
  const name = `${at} ${how}`;
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const refuse = (): Promise<never> => Promise.reject(catalogueError("CONFLICT", at));
  if (how === "transaction")
    await step.transaction(name, async ({ tx }) => {
      await tx.db.insert(orderTables.happened).values({ what: name, run: key });
      await pause();
      if (fails) await refuse();
    });
  else if (how === "run")
    await step.run(name, async () => {
      await pause();
      if (fails) await refuse();
    });
  else
    await step.call(name, async ({ call }) => {
      await call.stock.reserve({ run: `${key} ${name}` });
      if (fails) await refuse();
    });
  return how;
}

/**
 * How a process ends: it is stopped, or it is killed before or after the database has done a statement or transaction. A killed process never gets the answer
 * to that statement.
 */
export interface Fate {
  readonly how: "before" | "after" | "stop";
  /** The number of the last statement or transaction of the process. */
  readonly after: number;
}

export const fates: fc.Arbitrary<Fate> = fc.record({
  how: fc.constantFrom("before" as const, "after" as const, "stop" as const),
  after: fc.integer({ min: 1, max: 60 }),
});

/** The database of a process that will end. After its last statement, a killed process gets no answers, and the database does nothing more for it. */
export class MortalDatabase {
  readonly #fate: Fate;
  readonly ended: Promise<void>;
  #count = 0;
  #isDead = false;
  #end: () => void = () => {};

  constructor(fate: Fate) {
    this.#fate = fate;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  wrap(store: ContextData): ContextData {
    const statement: ContextData["statement"] = (...args) => this.#live(() => store.statement(...args));
    const transaction = (scope: unknown, run: (tx: unknown) => Promise<unknown>, options: unknown): Promise<unknown> =>
      this.#live((isLast) => {
        const dying = async (tx: unknown): Promise<unknown> => {
          const result = await run(tx);
          if (this.#isDead && !isLast) throw dead();
          return result;
        };
        return (store.transaction as (...args: unknown[]) => Promise<unknown>)(scope, dying, options);
      });
    const own: Record<string, unknown> = { statement, transaction };
    return new Proxy(store, {
      get(target, name) {
        const value: unknown = typeof name === "string" && own[name] !== undefined ? own[name] : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async #live<Result>(work: (isLast: boolean) => Promise<Result>): Promise<Result> {
    if (this.#isDead) throw dead();
    const isLast = ++this.#count === this.#fate.after;
    if (!isLast) return work(false);
    this.#end();
    if (this.#fate.how === "stop") return work(false);
    this.#isDead = true;
    if (this.#fate.how === "after") await work(true);
    throw dead();
  }
}

function dead(): Error {
  return markOrigin(catalogueError("UNAVAILABLE", "The process is dead."), { layer: "database", isPassing: true });
}
