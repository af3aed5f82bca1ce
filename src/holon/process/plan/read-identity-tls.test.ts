import { describe, expect, it } from "vitest";
import { TestAuthority } from "../../mesh/connection/certificates.testing.ts";
import { ConfigurationError } from "./configuration-error.ts";
import type { Environment } from "./environment-reader.ts";
import { readPlan } from "./read-plan.ts";
import { renderPlan } from "./render-plan.ts";
import { SHOP } from "./shop-shape.testing.ts";

const authority = new TestAuthority("ours");
const { cert, key, ca } = authority.issue();
const GIVEN = { HOLON_MESH_TLS_CERT: cert, HOLON_MESH_TLS_KEY: key, HOLON_MESH_TLS_CA: ca };

function faultsOf(env: Environment): ConfigurationError["faults"] {
  try {
    readPlan(SHOP, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  throw new Error("the environment was not refused");
}

describe("TLS between processes", () => {
  it("is off unless its variables are set", () => {
    expect(readPlan(SHOP, {}).meshTls).toBeUndefined();
  });

  it("is on with a certificate, its key and an authority, from files too", () => {
    const files: Readonly<Record<string, string>> = { "/tls/key": key };
    const env = { ...GIVEN, HOLON_MESH_TLS_KEY: undefined, HOLON_MESH_TLS_KEY_FILE: "/tls/key" };
    const plan = readPlan(SHOP, env, (path) => String(files[path]));
    expect(plan.meshTls).toEqual({ cert: cert.trim(), key: key.trim(), ca: ca.trim() });
    expect(renderPlan(plan)).toMatch(/mesh TLS +on/);
    expect(renderPlan(plan)).not.toContain("BEGIN");
  });

  it.each<[string, Environment, readonly string[]]>([
    ["with one part", { HOLON_MESH_TLS_CERT: cert }, ["HOLON_MESH_TLS_KEY", "HOLON_MESH_TLS_CA"]],
    ["with a text that is not a certificate", { ...GIVEN, HOLON_MESH_TLS_CERT: "hunter2" }, ["HOLON_MESH_TLS_CERT"]],
    ["with a text that is not the certificate of an authority", { ...GIVEN, HOLON_MESH_TLS_CA: key }, ["HOLON_MESH_TLS_CA"]],
    ["with the key of another certificate", { ...GIVEN, HOLON_MESH_TLS_KEY: authority.issue().key }, ["HOLON_MESH_TLS_KEY"]],
  ])("is refused %s", (_what, env, variables) => {
    const faults = faultsOf(env);
    expect(faults.map(({ variable }) => variable)).toEqual(variables);
    expect(JSON.stringify(faults)).not.toMatch(/hunter2|PRIVATE KEY/);
  });
});
