import { isDeepStrictEqual } from "node:util";
import { TOPOLOGIES, type Topology } from "holon/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EdgeUsage, expectedByRest, restWorld } from "./by-rest.ts";
import type { Case } from "./case.ts";
import { TOPICS } from "./cases/index.ts";
import { outcomeOf } from "./outcome.ts";
import { openWorld, type World } from "./world.ts";

const LEAST_BY_REST = 230;

const worlds = new Map<Topology, World>();
/** The results, by case and then by topology. */
const seen = new Map<string, Map<Topology, unknown>>();
/** The cases that also ran by REST. */
const byRest = new Set<string>();

beforeAll(async () => {
  for (const topology of TOPOLOGIES) worlds.set(topology, await openWorld(topology));
});
afterAll(async () => {
  for (const world of worlds.values()) await world.close();
});

describe.each(TOPOLOGIES)("%s", (topology) => {
  for (const { topic, cases } of TOPICS) {
    describe(topic, () => {
      for (const each of cases) {
        it(each.name, async () => {
          const name = `${topic}: ${each.name}`;
          const world = worlds.get(topology) as World;
          const usage = new EdgeUsage();
          const outcome = await outcomeOf(() => each.run(usage.watch(world)));
          remember(name, topology, outcome);
          expect(outcome).toStrictEqual(each.expected);
          if (usage.isRestToo && each.trpcOnly === undefined) await runByRest(name, each, topology);
        });
      }
    });
  }
});

describe("all topologies", () => {
  it("show the same in each case", () => {
    const count = TOPICS.reduce((sum, { cases }) => sum + cases.length, 0);
    const differences = [...seen]
      .filter(([, outcomes]) => !isSameEverywhere(outcomes))
      .map(([name, outcomes]) => ({ name, ...Object.fromEntries(outcomes) }));
    console.log(`conformance: ${count} cases, ${byRest.size} of them also by REST, ${differences.length} differences`);
    expect(differences).toEqual([]);
    expect(seen.size).toBe(count + byRest.size);
    // If the recording of edge calls failed, this would look as if no case called the edge.
    expect(byRest.size).toBeGreaterThan(LEAST_BY_REST);
  });
});

/** Runs the same case again, with its edge calls by REST. */
async function runByRest(name: string, each: Case, topology: Topology): Promise<void> {
  const outcome = await outcomeOf(() => each.run(restWorld(worlds.get(topology) as World)));
  byRest.add(name);
  remember(`${name}, by REST`, topology, outcome);
  expect(outcome, "by REST").toStrictEqual(expectedByRest(each));
}

function remember(name: string, topology: Topology, outcome: unknown): void {
  const outcomes = seen.get(name) ?? new Map<Topology, unknown>();
  seen.set(name, outcomes.set(topology, outcome));
}

/** Whether the results are equal in every value, prototype and member, and in the order of members. */
function isSameEverywhere(outcomes: ReadonlyMap<Topology, unknown>): boolean {
  const [first, ...others] = outcomes.values();
  return (
    outcomes.size === TOPOLOGIES.length && others.every((other) => isDeepStrictEqual(first, other) && JSON.stringify(first) === JSON.stringify(other))
  );
}
