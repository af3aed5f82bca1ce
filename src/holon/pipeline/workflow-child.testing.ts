import { randomUUID } from "node:crypto";
import { systemClock } from "../kernel/clock.ts";
import { silentLogger } from "../kernel/log.ts";
import { Timers } from "../kernel/timers.ts";
import { startWorkflowWork } from "../work/workflows/start-workflow-work.ts";
import { crashingPlace } from "./workflow-crash.testing.ts";
import { compileContexts } from "./workflows.fixture.testing.ts";

/** A process that runs the workflow of the tests and, at the given point, kills itself or freezes itself. */
const [, , url = "", roles = "{}", crashAt = "", signal = "SIGKILL"] = process.argv;
const timers = new Timers(() => systemClock.monotonicMs());
let wasThere = false;
const at = async (point: string): Promise<void> => {
  if (point !== crashAt || wasThere) return;
  wasThere = true;
  process.kill(process.pid, signal);
  // A frozen process goes on from here.
  if (signal === "SIGKILL") await new Promise(() => {});
};
const contexts = compileContexts({ url, roles: JSON.parse(roles) as Record<string, string>, timers }, crashingPlace(at));
startWorkflowWork({
  workflows: contexts.orders.workflows,
  store: contexts.stores.orders,
  services: { clock: systemClock, timers, log: silentLogger, random: () => 0, newId: randomUUID },
  timing: { pollMs: 20, leaseMs: 600 },
});
process.stdout.write('{"started":true}\n');
setInterval(() => {}, 1_000);
