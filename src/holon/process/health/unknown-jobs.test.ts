import postgres from "postgres";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { contract } from "../../contract/index.ts";
import { useTestDatabase } from "../../data/database.testing.ts";
import { defineContext } from "../../define/define-context.ts";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { job } from "../../work/jobs/job.ts";
import { defineApp, shapeOf } from "../app/define-app.ts";
import { readPlan } from "../plan/read-plan.ts";
import { type RunningProcess, startProcess } from "../start/start-process.ts";

const place = useTestDatabase();
const orders = contract("orders", { procedures: {} });
const thank = job(z.object({}));
const noop = async (): Promise<void> => {};

const running: RunningProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.close()));
});

/** A process of the previous version, which has one job, or of the next version, which has a second job. */
async function start(version: "before" | "next"): Promise<RunningProcess> {
  const context = version === "next" ? defineContext(orders, { jobs: { send: thank, thank } }) : defineContext(orders, { jobs: { send: thank } });
  const handlers = version === "next" ? { send: noop, thank: noop } : { send: noop };
  const module = context.implement({ procedures: context.procedures({}), jobs: context.jobs(handlers as never) } as never);
  const app = defineApp({ name: "orders", contexts: [module as never] });
  const plan = readPlan(shapeOf(app), { PORT: "0", HOLON_OPS_PORT: "0", HOLON_MESH_PORT: "0", DATABASE_URL: place.database.url });
  const process = await startProcess({ app, plan, log: silentLogger, clock: systemClock });
  running.push(process);
  return process;
}

async function unknown({ ops }: RunningProcess): Promise<readonly string[]> {
  return (await (await fetch(`${ops?.url}/metrics`)).text()).split("\n").filter((line) => line.startsWith("holon_jobs_unknown{"));
}

it("jobs are counted as unknown by a process without their name, and as none unknown by one that works them", async () => {
  const before = await start("before");
  const sql = postgres(place.database.url, { max: 1 });
  await sql`insert into orders.holon_jobs (id, name, state, data, initiator) values (gen_random_uuid(), 'thank', 'waiting', '{}', '{"kind":"anonymous"}')`;
  await sql.end();
  expect(await unknown(before)).toEqual(['holon_jobs_unknown{context="orders",job="thank"} 1', 'holon_jobs_unknown{context="orders",job="send"} 0']);
  const next = await start("next");
  expect(await unknown(next)).toEqual(['holon_jobs_unknown{context="orders",job="send"} 0', 'holon_jobs_unknown{context="orders",job="thank"} 0']);
});
