import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { contract, mutation } from "../../contract/index.ts";
import { until } from "../../data/child.testing.ts";
import { useTestDatabase } from "../../data/database.testing.ts";
import { defineContext } from "../../define/define-context.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { ANONYMOUS } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { workflow } from "../../work/workflows/workflow.ts";
import { defineApp, shapeOf } from "../app/define-app.ts";
import { readPlan } from "../plan/read-plan.ts";
import { type RunningProcess, startProcess } from "../start/start-process.ts";

const place = useTestDatabase();
const Named = z.object({ id: z.string() });
const orders = contract("orders", { procedures: { place: mutation({ access: "public", input: Named }) } });

const running: RunningProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.close()));
});

/** A clock that the test can move forward; it also runs by itself. */
let aheadMs = 0;
const clock: Clock = { nowMs: () => systemClock.nowMs() + aheadMs, monotonicMs: () => systemClock.monotonicMs() + aheadMs };

/** A process of an app whose workflow has the given version. The workflow's body waits for a promise that is not a step, until the test calls `goOn`. */
async function start(version: number, env: Record<string, string> = {}) {
  let goOn: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const context = defineContext(orders, { workflows: { deliver: workflow({ version, input: Named }) } });
  const module = context.implement({
    procedures: context.procedures({
      place: ({ input, ctx }) =>
        ctx.transaction(async (tx) => {
          await tx.start("deliver", input, { key: input.id });
        }),
    }),
    workflows: context.workflows({
      async deliver({ step }) {
        await step.run("packed", () => 1);
        await told;
      },
    }),
  });
  const app = defineApp({ name: "orders", contexts: [module] });
  const plan = readPlan(shapeOf(app), { PORT: "0", HOLON_OPS_PORT: "0", HOLON_MESH_PORT: "0", DATABASE_URL: place.database.url, ...env });
  const process = await startProcess({ app, plan, log: silentLogger, clock });
  running.push(process);
  const order = (id: string) => {
    const target = process.resolve("orders", "orders.place", orders.procedures.place);
    const scope = Scope.root({ principal: ANONYMOUS, caller: "edge", deadlineAtMs: clock.monotonicMs() + 30_000 });
    return target.invoke(scope, { id });
  };
  return { process, goOn, order };
}

async function metrics({ ops }: RunningProcess, name: string): Promise<readonly string[]> {
  return (await (await fetch(`${ops?.url}/metrics`)).text()).split("\n").filter((line) => line.startsWith(`${name}{`));
}

const isDegraded = (process: RunningProcess): boolean => (process.readiness().degraded ?? []).length > 0;

it("a run whose body hangs is counted, and named in readiness, until it goes on", async () => {
  const { process, goOn, order } = await start(1);
  expect([process.readiness().degraded, await metrics(process, "holon_workflows_hanging")]).toEqual([
    [],
    ['holon_workflows_hanging{context="orders"} 0'],
  ]);
  await order("a");
  await until(() => {
    // Small jumps of the clock, so that the process can renew its leases between them.
    aheadMs += 200;
    return isDegraded(process);
  });
  const [work] = process.work?.contexts ?? [];
  const id = work?.workflows?.hanging[0]?.id;
  expect(process.readiness()).toMatchObject({
    ready: true,
    degraded: [
      expect.stringMatching(`^a run of orders waits for a promise that is not a step \\(deliver@1 ${id}, after the step packed, for \\d+ s\\)$`),
    ],
  });
  expect(await metrics(process, "holon_workflows_hanging")).toEqual(['holon_workflows_hanging{context="orders"} 1']);
  expect(await metrics(process, "holon_degraded")).toContain('holon_degraded{part="work",name="orders"} 1');
  goOn();
  await until(() => !isDegraded(process));
  expect(await metrics(process, "holon_workflows_hanging")).toEqual(['holon_workflows_hanging{context="orders"} 0']);
});

it("open runs of a version are counted as left by a process without its body, and as none left by one that works it", async () => {
  const older = await start(1);
  const newer = await start(2);
  const left = (process: RunningProcess) => metrics(process, "holon_workflows_left");
  expect([await left(older.process), await left(newer.process)]).toEqual([
    ['holon_workflows_left{context="orders",workflow="deliver@1"} 0'],
    ['holon_workflows_left{context="orders",workflow="deliver@2"} 0'],
  ]);
  await newer.order("b");
  expect([await left(older.process), await left(newer.process)]).toEqual([
    ['holon_workflows_left{context="orders",workflow="deliver@2"} 1', 'holon_workflows_left{context="orders",workflow="deliver@1"} 0'],
    ['holon_workflows_left{context="orders",workflow="deliver@2"} 0'],
  ]);
  newer.goOn();
});
