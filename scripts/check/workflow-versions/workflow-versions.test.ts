import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accept, versionFaults } from "./version-lock.ts";
import { workflowSources } from "./workflow-sources.ts";

const CONTEXT = `export const orders = defineContext(contract, { workflows: { place: workflow({ version: 1, input }), tidy: workflow({ version: 2, input, earlier: { 1: old } }) } });`;
const BODIES = `
import { price } from "./pricing.ts";
const LIMIT = 3;
const double = (n: number) => n * 2; // used
const unused = 1;
export const workflows = orders.workflows({
  async place({ step }) {
    // says why
    return step.run("a", () => double(LIMIT));
  },
  tidy: { 1: () => 1, 2: () => 2 },
});`;
let folder = "";
const write = (text: string): void => writeFileSync(path.join(folder, "orders/workflows.ts"), text);
const changed = (from: string, to: string): readonly string[] => {
  const { sources: before } = workflowSources(folder);
  write(readFileSync(path.join(folder, "orders/workflows.ts"), "utf8").replace(from, to));
  return versionFaults(accept({}, before, []), workflowSources(folder).sources);
};

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "workflow-versions-"));
  mkdirSync(path.join(folder, "orders"));
  writeFileSync(path.join(folder, "orders/context.ts"), CONTEXT);
  write(BODIES);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the check of workflows' versions", () => {
  it("finds every version of every body", () => {
    const { sources, faults } = workflowSources(folder);
    expect(sources.map(({ name }) => name)).toEqual(["orders.place@1", "orders.tidy@1", "orders.tidy@2"]);
    expect(faults).toEqual([]);
  });

  it("refuses a body that changed without a new version, and names the cure", () => {
    expect(changed('"a"', '"b"')).toEqual([expect.stringContaining("orders.place@1: its body changed without a new version")]);
  });

  it("refuses a change of what a body uses of its file", () => {
    expect(changed("n * 2", "n * 3")).toEqual([expect.stringContaining("orders.place@1")]);
    expect(changed("LIMIT = 3", "LIMIT = 4")).toEqual([expect.stringContaining("orders.place@1")]);
  });

  it("allows changes of comments, of layout and of code that no body uses", () => {
    expect(changed("// says why", "// says it better\n\n")).toEqual([]);
    expect(changed("unused = 1", "unused = 2")).toEqual([]);
  });

  it("refuses a body that was removed, until the removal is accepted by its name", () => {
    const { sources } = workflowSources(folder);
    const lock = accept({}, sources, []);
    const without = sources.filter(({ name }) => name !== "orders.tidy@1");
    expect(versionFaults(lock, without)).toEqual([expect.stringContaining("orders.tidy@1: its body is gone")]);
    expect(versionFaults(accept(lock, without, []), without).length).toBe(1);
    expect(versionFaults(accept(lock, without, ["orders.tidy@1"]), without)).toEqual([]);
  });

  it("names each body that it cannot find", () => {
    write("export const workflows = {};");
    expect(workflowSources(folder).faults).toEqual([expect.stringContaining("orders.place@1"), expect.stringContaining("orders.tidy@2")]);
  });
});
