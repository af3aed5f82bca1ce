import { expect, it } from "vitest";
import { z } from "zod";
import { contract, query } from "../../contract/index.ts";
import { defineContext } from "../../define/define-context.ts";
import { freePort } from "../../dev/postgres/free-ports.ts";
import { silentLogger } from "../../kernel/log.ts";
import { defineApp, shapeOf } from "../app/define-app.ts";
import { readPlan } from "../plan/read-plan.ts";
import { startProcess } from "./start-process.ts";

const greet = defineContext(contract("greet", { procedures: { hello: query({ access: "public", output: z.string() }) } }));

it("a process is ready when it has started, not before, and not once its stop begins", async () => {
  const opsPort = await freePort();
  const readyz = async () => {
    const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  const seen: unknown[] = [];
  const app = defineApp({
    name: "polite",
    contexts: [greet.implement({ procedures: greet.procedures({ hello: async () => "hello" }) })],
    // Routes are added last before the public port opens.
    routes: async () => void seen.push(await readyz()),
  });
  const plan = readPlan(shapeOf(app), { PORT: "0", HOLON_OPS_PORT: String(opsPort), HOLON_LIMIT_DRAIN_MS: "2000" });
  const running = await startProcess({ app, plan, log: silentLogger });
  seen.push(await readyz());
  const closed = running.close();
  seen.push(await readyz());
  await closed;
  expect(seen).toEqual([
    { status: 503, ready: false, reasons: ["this process is starting"], degraded: [] },
    { status: 200, ready: true, reasons: [], degraded: [] },
    { status: 503, ready: false, reasons: ["this process is stopping"], degraded: [] },
  ]);
});
