import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "../../src/holon/kernel/principal.ts";
import { EDGE } from "../../src/holon/mesh/identity/roster.ts";
import { AccessWorld, CELLS, SHAPES } from "./world.ts";

const NAMES = SHAPES.map(({ name }) => name);
const ADMIN: Principal = { kind: "user", id: "ann", roles: ["admin"] };
const REFUSED = ["FORBIDDEN", []];

const systemOf = (context: string): Principal => ({ kind: "system", context, task: "a test" });
const together = new AccessWorld("together");
const apart = new AccessWorld("apart");

beforeAll(() => Promise.all([together.start(), apart.start()]));
afterAll(() => Promise.all([together.close(), apart.close()]));

describe.each([
  ["together", together],
  ["apart", apart],
])("calls between contexts, %s", (_topology, world) => {
  it.each(CELLS)("$caller calls $path: declared $isDeclared", async (cell) => {
    expect(await world.call(cell, systemOf(cell.caller))).toEqual(cell.isDeclared ? ["entered", [cell.path]] : REFUSED);
  });

  it.each(["nobody", "", "__proto__", "Orders"])("a caller named %j is refused everywhere", async (caller) => {
    for (const cell of CELLS.filter((one) => one.isDeclared)) {
      expect(await world.call(cell, systemOf(cell.caller), caller)).toEqual(REFUSED);
    }
  });

  it.each(NAMES)("no internal procedure of %s answers a public request", async (name) => {
    expect(await world.ask(`${name}.hidden`)).toEqual(["404", []]);
  });
});

describe("processes that have keys", () => {
  const declared = CELLS.filter(({ isDeclared }) => isDeclared);

  it.each(declared)("the call of $path that $caller declares is refused to every other key that claims to be $caller", async (cell) => {
    for (const key of [EDGE, ...NAMES].filter((name) => name !== cell.caller)) {
      const principal = key === EDGE ? ADMIN : systemOf(key);
      expect([key, await apart.call(cell, principal, cell.caller, key)]).toEqual([key, REFUSED]);
    }
  });

  it.each(declared)("$caller, which may call $path, is refused if it calls as a user", async (cell) => {
    expect(await apart.call(cell, ADMIN)).toEqual(REFUSED);
  });

  it.each(declared)("$caller, which may call $path, is refused if it calls as the system of another context", async (cell) => {
    for (const name of NAMES.filter((other) => other !== cell.caller)) expect(await apart.call(cell, systemOf(name))).toEqual(REFUSED);
  });

  it.each(CELLS.filter(({ caller }) => caller === "mail"))("the edge calls $path, unless it is internal", async (cell) => {
    const outcome = await apart.call(cell, ADMIN, EDGE, EDGE);
    expect(outcome).toEqual(cell.procedure.access === "internal" ? REFUSED : ["entered", [cell.path]]);
  });
});
