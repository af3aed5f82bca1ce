import { describe, expect, it } from "vitest";
import { isCutOff, markCutOff } from "./origin.ts";

describe("an error that cut work off", () => {
  it("is recognized also as the cause of a later error, and another error of the same text is not", () => {
    const made = markCutOff(new Error("the connection was lost"));
    const wrapped = new TypeError("the order could not be written", { cause: new Error("no row", { cause: made }) });
    expect([made, wrapped, new Error("the connection was lost"), "text", undefined].map(isCutOff)).toEqual([true, true, false, false, false]);
  });

  it("is not found in a value that cannot be read, or in an error that is its own cause", () => {
    const endless = new Error("again");
    endless.cause = endless;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect([endless, proxy].map(isCutOff)).toEqual([false, false]);
  });
});
