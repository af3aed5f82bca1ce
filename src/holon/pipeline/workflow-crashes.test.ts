import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { type Child, startChild, until } from "../data/child.testing.ts";
import { CRASH_POINTS, crashingPlace, pointsOfEachKind, UNDO_CRASH_POINTS } from "./workflow-crash.testing.ts";
import { useWorkflows, type Working } from "./workflows.testing.ts";

/** A full run of the fault tests uses all points, any other run one for each kind of step, which the seed chooses. */
const SCALE = Number(process.env["HOLON_FAULT_SCALE"] ?? 0.1);
const SEED = Number(process.env["HOLON_FAULT_SEED"] ?? Date.now() % 1_000);
const pointsOf = (points: readonly string[]): readonly string[] => (SCALE < 0.5 ? pointsOfEachKind(points, SEED) : points);

const place = useWorkflows();
const children: Child[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill("SIGKILL");
    await child.ended;
  }
});

/** Starts a process that begins a run, and waits until it has died at the given point. */
async function dieAt(point: string, input: object): Promise<string> {
  const id = await place.run(point, input);
  const child = startChild("../pipeline/workflow-child.testing.ts", [place.url, JSON.stringify(place.roles), point]);
  children.push(child);
  const signal = await new Promise((resolve) => child.process.once("exit", (_code, by) => resolve(by)));
  expect(signal).toBe("SIGKILL");
  return id;
}

const goOn = (): Working =>
  place.start(
    crashingPlace(async () => {}),
    {},
    { leaseMs: 600 },
  );

describe(`a run whose process is killed, seed ${SEED}`, () => {
  it.each(pointsOf(CRASH_POINTS))("at %s completes elsewhere, with one effect of each step", async (point) => {
    const id = await dieAt(point, {});
    goOn();
    expect(await place.is(id, "done")).toMatchObject({ result: { left: 3 } });
    expect(await place.happened()).toEqual(["charged", "confirmed", "last", "reserved"]);
  });

  it.each(pointsOf(UNDO_CRASH_POINTS))("at %s while it is undone is undone elsewhere", async (point) => {
    const id = await dieAt(point, { fails: true });
    goOn();
    expect(await place.is(id, "undone")).toMatchObject({ reason: "CONFLICT: It fails." });
    expect(await place.happened()).toEqual([]);
  });
});

/** Whether the kernel has stopped a process. */
function isFrozen(pid: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") T ");
}

describe("a run whose process is frozen", () => {
  it.each(["confirm:after", "last:after", "outside:after"])(
    "at %s goes on elsewhere, and nothing is written by the one that comes back",
    async (point) => {
      const id = await place.run(point);
      const child = startChild("../pipeline/workflow-child.testing.ts", [place.url, JSON.stringify(place.roles), point, "SIGSTOP"]);
      children.push(child);
      await until(() => isFrozen(child.pid));
      const { work } = goOn();
      const done = await place.is(id, "done");
      const steps = await place.steps(id);
      await work.close();
      child.process.kill("SIGCONT");
      // Only the process that was frozen is left to work this run. When it has done so, its outdated write was refused before.
      const other = await place.run(`${point} again`);
      await place.is(other, "done");
      expect([await place.row(id), await place.steps(id)]).toEqual([done, steps]);
      expect((await place.sql`select what from orders.happened where run = ${point} order by 1`).map(({ what }) => what)).toEqual([
        "confirmed",
        "last",
      ]);
      expect(Number(done["fence"])).toBeGreaterThan(1);
    },
  );
});
