import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "./configuration-error.ts";
import type { Environment } from "./environment-reader.ts";
import type { AppShape } from "./plan.ts";
import { readPlan } from "./read-plan.ts";
import { renderPlan } from "./render-plan.ts";
import { LIMIT_NAMES, limitVariable, VARIABLES } from "./variables.ts";

const contextName = fc.constantFrom("a", "b", "users", "queue", "database", "none", "constructor", "toString", "x1");
const context = fc.record({
  name: contextName,
  calls: fc.array(contextName, { maxLength: 4 }),
  subscribesTo: fc.array(contextName, { maxLength: 2 }),
  hasPublicProcedures: fc.boolean(),
  hasTables: fc.boolean(),
  workersCount: fc.nat(5),
});
const shape: fc.Arbitrary<AppShape> = fc.record({
  name: fc.string(),
  contexts: fc.uniqueArray(context, { maxLength: 6, selector: ({ name }) => name }),
});

const variable = fc.oneof(
  fc.constantFrom(...VARIABLES.map(({ name }) => name), ...LIMIT_NAMES.map(limitVariable)),
  contextName.map((name) => `HOLON_${name.toUpperCase()}_URL`),
  contextName.map((name) => `HOLON_${name.toUpperCase()}_DATABASE_URL`),
  fc.string().map((name) => `HOLON_${name}`),
  fc.constantFrom("__proto__", "PATH"),
);
const value = fc.oneof(
  fc.constantFrom("", " ", "0", "1", "3000", "65535", "yes", "none", "a", "a,b", "edge", "edge,rpc,jobs", "production", "10.0.0.0/8"),
  fc.constantFrom(
    "mesh://a",
    "http://a:1,http://[::1]:2",
    "postgres://u:p@h/d",
    "redis://:p@h",
    "https://x.example",
    "mesh://",
    "http://%zz",
    "postgres://",
  ),
  fc.string(),
  fc.webUrl(),
);
const environment: fc.Arbitrary<Environment> = fc.dictionary(variable, fc.option(value, { nil: undefined }), { maxKeys: 8 });

function outcome(app: AppShape, env: Environment): string {
  try {
    return renderPlan(readPlan(app, env));
  } catch (error) {
    if (error instanceof ConfigurationError && error.faults.length > 0) return error.render();
    throw error;
  }
}

describe("whatever an environment holds", () => {
  it("it is planned or refused with its faults, and either can be shown", () => {
    fc.assert(
      fc.property(shape, environment, (app, env) => {
        expect(outcome(app, env)).not.toBe("");
      }),
      { numRuns: 2_000 },
    );
  });

  it("the same environment gives the same answer", () => {
    fc.assert(
      fc.property(shape, environment, (app, env) => {
        expect(outcome(app, env)).toBe(outcome(app, { ...env }));
      }),
    );
  });
});
