import { describe, expect, it } from "vitest";
import { catalogueError } from "../kernel/index.ts";
import { describeError } from "./error-redaction.ts";

describe("describeError", () => {
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
