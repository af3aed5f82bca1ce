import { describe, expect, it } from "vitest";
import { isCutOff, markCutOff } from "./origin.ts";

describe("an error that cut work off", () => {
  it("is told also as the cause of what was thrown because of it, and of nothing else", () => {
    const made = markCutOff(new Error("the connection was lost"));
    const wrapped = new TypeError("the order could not be written", { cause: new Error("no row", { cause: made }) });
    expect([made, wrapped, new Error("the connection was lost"), "text", undefined].map(isCutOff)).toEqual([true, true, false, false, false]);
  });

  it("is not told by what cannot be read, or is its own cause", () => {
    const endless = new Error("again");
    endless.cause = endless;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect([endless, proxy].map(isCutOff)).toEqual([false, false]);
  });
});
