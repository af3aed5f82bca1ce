import { readFileSync } from "node:fs";
import { runAloneInChild } from "../../../src/holon/cli/alone-command.ts";
import { renderProcess } from "../../../src/holon/cli/render-process.ts";
import { createLogger } from "../../../src/holon/observe/logger.ts";
import { shapeOf } from "../../../src/holon/process/app/define-app.ts";
import { readPlan } from "../../../src/holon/process/plan/read-plan.ts";
import { startLeaseWorker } from "../../../src/holon/process/start/start-lease-worker.ts";
import { startProcess } from "../../../src/holon/process/start/start-process.ts";
import { createSustainApp } from "./app.ts";

// The soak bundles this file and starts it beside its migrations. It keeps finished work for a shorter time than the environment's limits allow.
const keptMs = Number(process.env["SUSTAIN_KEPT_MS"]);
const app = createSustainApp("migrations");
const plan = readPlan(shapeOf(app), process.env, (file) => readFileSync(file, "utf8"));
const kept = {
  ...{ outboxKeptMs: keptMs, inboxKeptMs: keptMs, doneJobsKeptMs: keptMs, failedJobsKeptMs: keptMs },
  ...{ runsKeptMs: keptMs, awaitedEventsKeptMs: keptMs, keyTtlMs: keptMs },
};
const log = createLogger({ name: plan.name, level: plan.logLevel });
const running = await startProcess({
  app,
  plan: { ...plan, limits: { ...plan.limits, ...kept } },
  log,
  runAlone: runAloneInChild,
  startLeaseWorker: ({ name, logLevel }) => startLeaseWorker(name, logLevel),
});
process.stdout.write(`${renderProcess(running)}\n`);
