import { describe, expect, it } from "vitest";
import { HolonError } from "../kernel/index.ts";
import { fromWireError, toWireError } from "./wire-error.ts";

describe("errors on the wire", () => {
  it("keep code, message, details, executed and status", () => {
    const error = new HolonError("OUT_OF_STOCK", "Only 3.", { details: { available: 3 }, executed: "yes", status: 410 });
    const arrived = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
    expect(arrived).toBeInstanceOf(HolonError);
    expect(arrived).toMatchObject({ code: "OUT_OF_STOCK", message: "Only 3.", details: { available: 3 }, executed: "yes", status: 410 });
  });

  it("leave cause and stack behind", () => {
    const text = JSON.stringify(toWireError(new HolonError("INTERNAL", "The call failed.", { cause: new TypeError("password") })));
    expect(text).not.toMatch(/password|\.ts:/);
  });

  it.each([null, "text", {}, { code: 1, message: "m", executed: "no", status: 1 }, { code: "X", message: "m", executed: "perhaps", status: 1 }])(
    "are none where %j comes",
    (value) => {
      expect(fromWireError(value)).toBeUndefined();
    },
  );
});
