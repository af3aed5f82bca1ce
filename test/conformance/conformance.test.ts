import { isDeepStrictEqual } from "node:util";
import { TOPOLOGIES, type Topology } from "holon/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOPICS } from "./cases/index.ts";
import { outcomeOf } from "./outcome.ts";
import { openWorld, type World } from "./world.ts";

const worlds = new Map<Topology, World>();
/** What was seen, by case and then by topology. */
const seen = new Map<string, Map<Topology, unknown>>();

beforeAll(async () => {
  for (const topology of TOPOLOGIES) worlds.set(topology, await openWorld(topology));
});
afterAll(async () => {
  for (const world of worlds.values()) await world.close();
});

describe.each(TOPOLOGIES)("%s", (topology) => {
  for (const { topic, cases } of TOPICS) {
    describe(topic, () => {
      for (const { name, run, expected } of cases) {
        it(name, async () => {
          const outcome = await outcomeOf(() => run(worlds.get(topology) as World));
          remember(`${topic}: ${name}`, topology, outcome);
          expect(outcome).toStrictEqual(expected);
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
    console.log(`conformance: ${count} cases, ${differences.length} differences`);
    expect(differences).toEqual([]);
    expect(seen.size).toBe(count);
  });
});

function remember(name: string, topology: Topology, outcome: unknown): void {
  const outcomes = seen.get(name) ?? new Map<Topology, unknown>();
  seen.set(name, outcomes.set(topology, outcome));
}

/** Equal in every value, prototype and member, and in the order of members. */
function isSameEverywhere(outcomes: ReadonlyMap<Topology, unknown>): boolean {
  const [first, ...others] = outcomes.values();
  return (
    outcomes.size === TOPOLOGIES.length && others.every((other) => isDeepStrictEqual(first, other) && JSON.stringify(first) === JSON.stringify(other))
  );
}
