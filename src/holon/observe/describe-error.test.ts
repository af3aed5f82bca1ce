import { describe, expect, it } from "vitest";
import { catalogueError } from "../kernel/holon-error.ts";
import { describeError, redact } from "./redaction.ts";
import { THROWN_VALUES } from "./thrown-values.testing.ts";

describe("describeError", () => {
  it.each(THROWN_VALUES)("makes a storable text of %s", (_name, thrown) => {
    const said = describeError(thrown);
    expect(said).not.toMatch(/[\p{Surrogate}\0]/u);
    expect(said.length).toBeLessThanOrEqual(64 * 1024);
  });

  it.each(THROWN_VALUES)("leaves %s to the log in a form that it can write", (_name, thrown) => {
    expect(() => JSON.stringify(redact({ err: thrown }))).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ["an error", new TypeError("lost at smtp://a:canary@b.test"), "TypeError: lost at smtp://a:[redacted]@b.test"],
    ["an error of the toolkit", catalogueError("CONFLICT", "No."), "CONFLICT: No."],
    ["what is no error", "canary", "something was thrown that is no error"],
    [
      "a failed statement",
      Object.assign(new TypeError("Failed query: select $1\nparams: canary"), { query: "select $1", params: ["canary"] }),
      "TypeError: Failed query: select $1",
    ],
  ])("says name and message of %s, without secrets", (_name, thrown, said) => {
    expect(describeError(thrown)).toBe(said);
  });
});
