import { describe, expect, it } from "vitest";
import { HolonError } from "../../kernel/holon-error.ts";
import { fromWireError, toWireError } from "./wire-error.ts";

describe("errors on the wire", () => {
  it("keep code, message, details, executed and status", () => {
    const error = new HolonError("OUT_OF_STOCK", "Only 3.", { details: { available: 3 }, executed: "yes", status: 410 });
    const arrived = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
    expect(arrived).toBeInstanceOf(HolonError);
    expect(arrived).toMatchObject({ code: "OUT_OF_STOCK", message: "Only 3.", details: { available: 3 }, executed: "yes", status: 410 });
  });

  it("do not carry cause and stack", () => {
    const text = JSON.stringify(toWireError(new HolonError("INTERNAL", "The call failed.", { cause: new TypeError("password") })));
    expect(text).not.toMatch(/password|\.ts:/);
  });

  it.each([
    ["an unknown code", { code: "SHED", message: "m", executed: "no", status: 503 }, { code: "SHED", executed: "no", status: 503 }],
    [
      "an unknown `executed`",
      { code: "CONFLICT", message: "m", executed: "partly", status: 409 },
      { code: "CONFLICT", executed: "maybe", status: 409 },
    ],
    ["no `executed`", { code: "CONFLICT", message: "m", status: 409 }, { code: "CONFLICT", executed: "maybe", status: 409 }],
    [
      "a status that HTTP does not have",
      { code: "CONFLICT", message: "m", executed: "no", status: 12 },
      { code: "CONFLICT", executed: "no", status: 409 },
    ],
    ["no status", { code: "NOT_FOUND", message: "m", executed: "no" }, { code: "NOT_FOUND", executed: "no", status: 404 }],
    [
      "a member that is new",
      { code: "NOT_FOUND", message: "m", executed: "no", status: 404, hint: 1 },
      { code: "NOT_FOUND", executed: "no", status: 404 },
    ],
  ])("of another version, with %s, are read as errors", (_name, value, expected) => {
    const error = fromWireError(value);
    expect(error).toBeInstanceOf(HolonError);
    expect(error).toMatchObject(expected);
  });

  it.each([
    null,
    "text",
    {},
    { code: 1, message: "m", executed: "no", status: 1 },
    { code: "", message: "m" },
    { code: "X".repeat(101), message: "m" },
    { code: "X" },
  ])("are not read from %j", (value) => {
    expect(fromWireError(value)).toBeUndefined();
  });
});
