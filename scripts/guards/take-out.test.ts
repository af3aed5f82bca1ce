import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Guard } from "./guard.ts";
import { GUARDS } from "./guards.ts";
import { judge, readWithout, takeOut } from "./take-out.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("a guard that is taken out", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "holon-take-out-"));
    writeFileSync(path.join(folder, "a.ts"), "check(); work(); work();");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const text = (): string => readFileSync(path.join(folder, "a.ts"), "utf8");
  const guard = (...edits: readonly (readonly [from: string, to: string])[]): Guard => ({
    of: "P0",
    takenOut: "the check",
    edits: edits.map(([from, to]) => ({ file: "a.ts", from, to })),
    test: "a.test.ts",
  });

  it("is put back as it was", () => {
    const putBack = takeOut(folder, guard(["check(); ", ""], ["work(); work();", "$&();"]));
    expect(text()).toBe("$&();");
    putBack();
    expect(text()).toBe("check(); work(); work();");
  });

  it.each([
    ["work();", 2],
    ["rest();", 0],
  ] as const)("is refused, and no file is changed, if a text is not there once: %s", (from, count) => {
    expect(() => takeOut(folder, guard(["check(); ", ""], [from, ""]))).toThrow(`a.ts has this text ${count} times, not once: ${from}`);
    expect(text()).toBe("check(); work(); work();");
  });
});

describe("a report of vitest", () => {
  const report = (...statuses: readonly ("passed" | "failed" | "skipped")[]): string =>
    JSON.stringify({
      numPassedTests: statuses.filter((status) => status === "passed").length,
      numFailedTests: statuses.filter((status) => status === "failed").length,
      testResults: [
        {
          message: "Cannot find module",
          assertionResults: statuses.map((status, index) => ({
            fullName: `test ${index}`,
            status,
            failureMessages: ["\n\u001b[31mexpected 1 to be 2\u001b[39m\n  at a.ts"],
          })),
        },
      ],
    });

  it("is red if a test failed, and names it", () => {
    expect(judge(report("passed", "failed"))).toEqual({ red: true, text: '1 of 2 failed, first "test 1": expected 1 to be 2' });
  });

  it("says that a test timed out, where vitest reports a name of its own", () => {
    const json = report("failed").replace("expected 1 to be 2", "Error: STACK_TRACE_ERROR");
    expect(judge(json)).toEqual({ red: true, text: '1 of 1 failed, first "test 0": it timed out' });
  });

  it.each([
    ["each test passed", report("passed", "skipped"), "all 1 tests passed"],
    ["no test ran", report("skipped"), "no test ran: Cannot find module"],
    ["there is none", undefined, "vitest wrote no report"],
  ] as const)("is not red if %s", (_, json, said) => {
    expect(judge(json)).toEqual({ red: false, text: said });
  });
});

describe("the list of guards", () => {
  it.each(GUARDS.map((guard) => [guard.takenOut, guard] as const))("has edits that fit the code, and a test file: %s", (_, guard) => {
    expect(existsSync(path.join(root, guard.test))).toBe(true);
    expect(guard.edits.length).toBeGreaterThan(0);
    const { before, after } = readWithout(root, guard);
    for (const [file, text] of after) expect(text).not.toBe(before.get(file));
  });

  it("has only rows that docs/promises.md lists", () => {
    const page = readFileSync(path.join(root, "docs/promises.md"), "utf8");
    expect(GUARDS.filter(({ takenOut }) => !page.includes(` | ${takenOut} | `)).map(({ takenOut }) => takenOut)).toEqual([]);
  });
});
