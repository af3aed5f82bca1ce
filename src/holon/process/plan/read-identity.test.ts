import { describe, expect, it } from "vitest";
import { createProcessKey } from "../../mesh/identity/process-key.ts";
import { ConfigurationError } from "./configuration-error.ts";
import type { Environment } from "./environment-reader.ts";
import type { Plan } from "./plan.ts";
import { readPlan } from "./read-plan.ts";
import { renderPlan } from "./render-plan.ts";
import { SHOP } from "./shop-shape.testing.ts";

const [orders, catalog, other] = [createProcessKey(), createProcessKey(), createProcessKey()];
const PEERS = {
  edge: other.key.publicKey,
  orders: [orders.key.publicKey],
  catalog: [catalog.key.publicKey, other.key.publicKey],
  payments: [other.key.publicKey],
};
const peers = (changed: Readonly<Record<string, unknown>> = {}): string => JSON.stringify({ ...PEERS, ...changed });

/** The environment of one process, which hosts orders, in an app of several processes in production. */
const PRODUCTION: Environment = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://shop:secret-password@db:5432/shop",
  HOLON_CONTEXTS: "orders",
  HOLON_ROLES: "rpc,jobs",
  HOLON_CATALOG_URL: "mesh://catalog",
  HOLON_PAYMENTS_URL: "mesh://payments",
};
const KEYED: Environment = { ...PRODUCTION, HOLON_KEY: orders.jwk, HOLON_PEERS: peers() };
const FILES: Readonly<Record<string, string>> = { "/run/secrets/key": `${orders.jwk}\n`, "/run/secrets/empty": " \n" };

function readFile(path: string): string {
  const content = FILES[path];
  if (content === undefined) throw new Error("ENOENT");
  return content;
}

function planOf(env: Environment): Plan {
  return readPlan(SHOP, env, readFile);
}

function faultsOf(env: Environment): ConfigurationError {
  try {
    planOf(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("the environment was not refused");
}

describe("the identity of a process", () => {
  it("is a key and a roster, and production asks for no secret then", () => {
    const plan = planOf(KEYED);
    expect([plan.key?.publicKey, plan.peers?.["edge"], plan.secretMadeUp]).toEqual([orders.key.publicKey, [other.key.publicKey], true]);
  });

  it("may stand in a file", () => {
    expect(planOf({ ...KEYED, HOLON_KEY: undefined, HOLON_KEY_FILE: "/run/secrets/key" }).key?.publicKey).toBe(orders.key.publicKey);
  });

  it("is a secret if a variable allows that in production by name", () => {
    const plan = planOf({ ...PRODUCTION, HOLON_SECRET: "x".repeat(32), HOLON_ALLOW_SECRET_ONLY: "yes" });
    expect([plan.key, plan.secret]).toEqual([undefined, "x".repeat(32)]);
  });

  it("is not needed in production by a single process", () => {
    expect(planOf({ NODE_ENV: "production", DATABASE_URL: PRODUCTION["DATABASE_URL"], HOLON_ROLES: "edge,jobs" }).key).toBeUndefined();
  });

  it("is shown by its public half, its private one never", () => {
    const text = renderPlan(planOf(KEYED));
    expect(text).toContain(`key ${orders.key.publicKey}`);
    expect(text).toContain("edge 1, orders 1, catalog 2, payments 1");
    expect(`${text}${JSON.stringify(planOf(KEYED))}`).not.toContain((JSON.parse(orders.jwk) as { readonly d: string }).d);
  });

  it.each<[string, Environment, string, RegExp]>([
    ["in production without a key", PRODUCTION, "HOLON_KEY", /each process must prove its identity.*HOLON_ALLOW_SECRET_ONLY=yes/],
    ["in production with a secret and no key", { ...PRODUCTION, HOLON_SECRET: "x".repeat(32) }, "HOLON_KEY", /is missing/],
    ["in production by secret without the secret", { ...PRODUCTION, HOLON_ALLOW_SECRET_ONLY: "yes" }, "HOLON_SECRET", /is missing/],
    ["with a permission that is not yes", { ...KEYED, HOLON_ALLOW_SECRET_ONLY: "true" }, "HOLON_ALLOW_SECRET_ONLY", /yes/],
    ["with a key and no roster", { ...KEYED, HOLON_PEERS: undefined }, "HOLON_PEERS", /is missing: HOLON_KEY is set/],
    ["with a roster and no key", { ...KEYED, HOLON_KEY: undefined }, "HOLON_KEY", /is missing: HOLON_PEERS is set/],
    ["with a text that is not a private key", { ...KEYED, HOLON_KEY: "hunter2" }, "HOLON_KEY", /not a private Ed25519 key/],
    ["with a public key for a private one", { ...KEYED, HOLON_KEY: orders.key.publicKey }, "HOLON_KEY", /not a private Ed25519 key/],
    ["with the key of another context", { ...KEYED, HOLON_KEY: catalog.jwk }, "HOLON_PEERS", /does not bind the key of this process to orders/],
    ["with a roster that is no JSON", { ...KEYED, HOLON_PEERS: "orders=abc" }, "HOLON_PEERS", /not a JSON object/],
    ["with a roster that is a list", { ...KEYED, HOLON_PEERS: "[]" }, "HOLON_PEERS", /not a JSON object/],
    [
      "with a misspelled context in the roster",
      { ...KEYED, HOLON_PEERS: peers({ catalogue: catalog.key.publicKey }) },
      "HOLON_PEERS",
      /Did you mean catalog\?/,
    ],
    ["with no key in the roster of whom it calls", { ...KEYED, HOLON_PEERS: peers({ payments: undefined }) }, "HOLON_PEERS", /no key of payments/],
    ["with a file that is not there", { ...KEYED, HOLON_KEY: undefined, HOLON_KEY_FILE: "/nowhere" }, "HOLON_KEY_FILE", /"\/nowhere"/],
    ["with a file that is empty", { ...KEYED, HOLON_KEY: undefined, HOLON_KEY_FILE: "/run/secrets/empty" }, "HOLON_KEY_FILE", /empty/],
    ["with a key in both ways", { ...KEYED, HOLON_KEY_FILE: "/run/secrets/key" }, "HOLON_KEY_FILE", /is set together with HOLON_KEY\./],
  ])("is refused %s", (_what, env, variable, says) => {
    const { faults } = faultsOf(env);
    expect(faults.map((fault) => fault.variable)).toEqual([variable]);
    expect(`${faults[0]?.problem} ${faults[0]?.cure}`).toMatch(says);
  });

  it("is refused with a private key in the roster, which is not shown", () => {
    const { d } = JSON.parse(orders.jwk) as { readonly d: string };
    const error = faultsOf({ ...KEYED, HOLON_PEERS: peers({ mail: JSON.parse(orders.jwk) as unknown, payments: `${d}=` }) });
    expect(error.faults.map(({ problem }) => problem)).toEqual([
      "has for payments a value that is not a public key.",
      "has for mail a value that is not a public key.",
      "has no key of payments, which this process calls.",
    ]);
    expect(error.render()).not.toContain(d);
  });
});
