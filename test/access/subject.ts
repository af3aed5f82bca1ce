import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { type App, catalogueError } from "holon";
import { type ContractMap, contract, isProcedure, type ProcedureTree, walkProcedures } from "holon/contract";
import { type TestApp, type TestCaller, type Topology, testApp } from "holon/testing";
import type { z } from "zod";
import { contracts as shopContracts } from "#contracts";
import { ADMIN, ALFKI, startTestShop } from "../../src/shop/shop.testing.ts";
import { contracts as conformanceContracts } from "../conformance/app/contracts/index.ts";
import { createConformanceApp } from "../conformance/app/index.ts";
import { Probe } from "../conformance/probe.ts";
import { validValues } from "../subject/json-values.ts";
import { Entries, withHandlers } from "../subject/observed-app.ts";
import type { NamedProcedure } from "../subject/public-call.ts";

/** The kinds of callers from outside. */
export const VISITORS = ["anonymous", "user", "admin"] as const;

export type Visitor = (typeof VISITORS)[number];

/** An app whose handlers only count their calls, and whose rows every user may access. */
export interface AccessSubject {
  readonly procedures: readonly NamedProcedure[];
  readonly entries: Entries;
  readonly url: string;
  /** The headers that authenticate a visitor's requests. */
  headersOf(visitor: Visitor): Readonly<Record<string, string>>;
  /** Returns a calling context, which may call all other contexts of the app. It calls for a visitor, or for itself as `system`. */
  callerOf(who: Visitor | "system"): TestCaller<ContractMap>;
  close(): Promise<void>;
}

/** The apps under test. */
export const SUBJECTS = { shop: openShop, conformance: openConformance } as const;

/** The error code that every handler of the subject answers with. */
export const ENTERED = "CONFLICT";

/** A valid input for a procedure. It is always the same except for e-mail addresses, because too many attempts with one address are refused. */
export function inputOf({ procedure }: NamedProcedure): unknown {
  const [input] = fc.sample(validValues(procedure.input as z.ZodType), { numRuns: 1, seed: 1 });
  const hasEmail = typeof input === "object" && input !== null && "email" in input;
  return hasEmail ? { ...input, email: `${randomUUID()}@example.test` } : input;
}

async function openShop(topology: Topology): Promise<AccessSubject> {
  const entries = new Entries();
  const shop = await startTestShop(topology, { change: (app) => counting(app, entries) });
  const bearer = async (id: string, role: string) => ({
    authorization: `Bearer ${(await shop.tokens.issue({ kind: "user", id, roles: [role] })).token}`,
  });
  const headers = { anonymous: {}, user: await bearer(ALFKI, "user"), admin: await bearer(ADMIN, "admin") };
  return subjectOf(shop, shopContracts, entries, headers, "orders");
}

async function openConformance(topology: Topology): Promise<AccessSubject> {
  const entries = new Entries();
  const routed = withRoutes(createConformanceApp(new Probe()));
  const app = await testApp(counting(routed, entries), { contracts: conformanceContracts, topology, faults: false });
  const headers = { anonymous: {}, user: { authorization: "user ada member" }, admin: { authorization: "user eve admin" } };
  const contracts = Object.fromEntries(routed.contexts.map((module) => [module.name, module.contract]));
  return subjectOf(app as unknown as TestApp<ContractMap>, contracts, entries, headers, "alpha");
}

function subjectOf<Contracts extends ContractMap>(
  app: TestApp<Contracts>,
  contracts: Contracts,
  entries: Entries,
  headers: Readonly<Record<Visitor, Readonly<Record<string, string>>>>,
  callingContext: string,
): AccessSubject {
  const callers = {
    ...{ anonymous: app.asAnonymous(), user: app.asUser("ada", "user", "member"), admin: app.asUser("eve", "admin") },
    system: app.asSystem(callingContext),
  };
  return {
    entries,
    url: app.url,
    procedures: Object.values(contracts).flatMap(({ name, procedures }) =>
      [...walkProcedures(procedures)].map(([path, procedure]) => ({ path: `${name}.${path}`, procedure })),
    ),
    headersOf: (visitor) => headers[visitor],
    callerOf: (who) => callers[who] as unknown as TestCaller<ContractMap>,
    close: () => app.close(),
  };
}

/** The app with a REST route for each procedure that may have one but has none. */
function withRoutes(app: App): App {
  const contexts = app.contexts.map((module) => {
    const { procedures, events } = module.contract;
    return { ...module, contract: contract(module.name, { procedures: routed(`/${module.name}`, procedures), events }) };
  });
  return { ...app, contexts };
}

function routed(place: string, procedures: ProcedureTree): ProcedureTree {
  return Object.fromEntries(
    Object.entries(procedures).map(([name, node]) => {
      if (!isProcedure(node)) return [name, routed(`${place}/${name}`, node)];
      // By REST, an input without members has no body.
      const hasMembers = Object.keys((node.input as Partial<z.ZodObject>).shape ?? { whole: true }).length > 0;
      const mayHaveOne = node.access !== "internal" && node.type !== "subscription" && node.rest === undefined && hasMembers;
      return [name, mayHaveOne ? { ...node, rest: `POST ${place}/${name}` } : node];
    }),
  );
}

function counting(app: App, entries: Entries): App {
  const unruled = { ...app, contexts: app.contexts.map((module) => ({ ...module, rules: {} })) };
  return withHandlers(unruled, (path, { type }) => {
    if (type !== "subscription") {
      return () => {
        entries.note(path);
        throw catalogueError(ENTERED, "The handler was entered.");
      };
    }
    return () => {
      entries.note(path);
      return nothing();
    };
  });
}

async function* nothing(): AsyncIterable<never> {
  yield* [];
}
