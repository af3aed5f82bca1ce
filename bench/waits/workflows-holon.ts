import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { contract } from "../../src/holon/contract/index.ts";
import type { ContextData } from "../../src/holon/data/context-data.ts";
import type { Tables } from "../../src/holon/data/drizzle/database.ts";
import { defineContext } from "../../src/holon/define/define-context.ts";
import { type CompiledContext, compileContext } from "../../src/holon/pipeline/context-runtime.ts";
import { startWorkflowWork } from "../../src/holon/work/workflows/start-workflow-work.ts";
import { workflow } from "../../src/holon/work/workflows/workflow.ts";
import type { WaitsContender } from "./contender.ts";
import { benchScope, type HolonPlace, openHolonPlace } from "./holon-place.ts";
import { IDLE_RUNS, pause } from "./idle.ts";
import { perSecond, quantile } from "./tally.ts";

const STEPS = ["one", "two", "three", "four", "five"] as const;

const orders = defineContext(contract("orders", { procedures: {} }), {
  tables: {},
  workflows: { place: workflow({ version: 1, input: z.object({ n: z.int() }), output: z.object({ n: z.int() }) }) },
});

/**
 * Runs of five local steps, on at most `poolCount` connections: each step writes a row in the transaction that also records its result. The queues
 * are not used.
 */
export function holonWorkflows(poolCount: number): WaitsContender {
  return {
    async start(places) {
      const place = await openHolonPlace("redis", places, poolCount);
      const store = await place.openData("orders");
      await place.sql.unsafe("create table orders.effects (n int not null, step text not null)");
      const compiled = compile(place, store);
      return {
        measure: (concurrency, count) => measure({ place, store, compiled }, concurrency, Math.ceil(count / STEPS.length)),
        close: () => place.close(),
      };
    },
  };
}

interface Stage {
  readonly place: HolonPlace;
  readonly store: ContextData<Tables>;
  readonly compiled: CompiledContext;
}

function compile({ services, limits }: HolonPlace, store: ContextData<Tables>): CompiledContext {
  const module = orders.implement({
    procedures: orders.procedures({}),
    workflows: orders.workflows({
      async place({ input, step }) {
        for (const name of STEPS) {
          await step.transaction(name, async ({ tx }) => {
            await tx.db.execute(sql`insert into orders.effects (n, step) values (${input.n}, ${name})`);
            return {};
          });
        }
        return { n: input.n };
      },
    }),
  });
  const others = { newId: randomUUID, series: () => ({ record() {} }), transportOf: () => "local" as const };
  const compiled = compileContext({ module, store, limits, pipeline: { ...services, ...others } });
  compiled.connect(() => {
    throw new TypeError("nothing is called");
  });
  return compiled;
}

async function measure(stage: Stage, concurrency: number, runs: number) {
  const { place, store, compiled } = stage;
  const work = startWorkflowWork({
    workflows: compiled.workflows,
    store,
    services: { ...place.services, newId: randomUUID },
    timing: { concurrencyCount: concurrency },
  });
  const idle: number[] = [];
  for (let at = 0; at < Math.min(IDLE_RUNS, runs); at++) {
    await pause();
    const startedMs = performance.now();
    await start(stage, [at]);
    await ended(place, at + 1, () => Promise.resolve());
    idle.push(performance.now() - startedMs);
  }
  await work.close();
  // These runs are started while nothing executes them, so that the measurement does not include their start.
  for (let from = 0; from < runs; from += 100)
    await start(
      stage,
      Array.from({ length: Math.min(100, runs - from) }, (_, at) => from + at),
    );
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const again = startWorkflowWork({
    workflows: compiled.workflows,
    store,
    services: { ...place.services, newId: randomUUID },
    timing: { concurrencyCount: concurrency },
  });
  await ended(place, idle.length + runs, pause);
  const stepsPerSecond = perSecond(runs * STEPS.length, performance.now() - startedMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  await again.close();
  await place.sql`truncate orders.holon_runs, orders.effects cascade`;
  return { stepsPerSecond, idleP50ms: quantile(idle, 0.5), cpuUs: (user + system) / (runs * STEPS.length) };
}

async function start({ store, compiled }: Stage, inputs: readonly number[]): Promise<void> {
  await store.transaction(benchScope(), async (tx) => {
    const typed = compiled.openTransaction(tx);
    for (const n of inputs) await typed.start("place", { n }, { key: randomUUID() });
  });
}

async function ended({ sql: look }: HolonPlace, count: number, between: () => Promise<void>): Promise<void> {
  for (;;) {
    const [row] = await look<{ count: number }[]>`select count(*)::int as count from orders.holon_runs where state = 'done'`;
    if ((row?.count ?? 0) >= count) return;
    await between();
  }
}
