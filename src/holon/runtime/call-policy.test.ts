import { describe, expect, it } from "vitest";
import { SHOP } from "../topology/shop-shape.testing.ts";
import { createCallPolicy } from "./call-policy.ts";

const mayCall = createCallPolicy(SHOP, ["test"]);

describe("who may call a context", () => {
  it.each([
    ["a context that declares it", "orders", "payments", true],
    ["a context that declares another", "catalog", "payments", false],
    ["a context that only hears of its events", "mail", "orders", false],
    ["the context itself", "orders", "orders", false],
    ["the edge", "edge", "payments", true],
    ["a guest", "test", "payments", true],
    ["somebody unknown", "constructor", "payments", false],
  ])("is %s: %s calls %s, %s", (_who, caller, context, expected) => {
    expect(mayCall(caller, context)).toBe(expected);
  });

  it("is nobody for a context that is not there", () => {
    expect(["catalog", "orders", "mail"].some((caller) => mayCall(caller, "stock"))).toBe(false);
  });
});
