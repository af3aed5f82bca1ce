import { describe, expect, it } from "vitest";
import { readPlan } from "../plan/read-plan.ts";
import { SHOP } from "../plan/shop-shape.testing.ts";
import { createCallPolicy, createOwnCaller } from "./routing.ts";

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

  it("lets no caller call a context that does not exist", () => {
    expect(["catalog", "orders", "mail"].some((caller) => mayCall(caller, "stock"))).toBe(false);
  });
});

describe("a process that calls on its own account", () => {
  const away = { HOLON_SECRET: "s", HOLON_CATALOG_URL: "mesh://c", HOLON_PAYMENTS_URL: "mesh://p", HOLON_ORDERS_URL: "mesh://o" };

  it.each([
    ["the edge, where it is one", { ...away, HOLON_CONTEXTS: "none" }, "catalog.products.get", "edge"],
    ["its own door to what it hosts", { HOLON_SECRET: "s", HOLON_CONTEXTS: "catalog", HOLON_ROLES: "rpc" }, "catalog.products.get", "edge"],
    [
      "a context that declares the call",
      { ...away, HOLON_CONTEXTS: "orders", HOLON_ORDERS_URL: undefined, HOLON_ROLES: "rpc" },
      "catalog.get",
      "orders",
    ],
    ["its first context where none does", { ...away, HOLON_CONTEXTS: "mail", HOLON_ROLES: "rpc" }, "catalog.get", "mail"],
  ])("does so as %s", (_who, env, procedure, caller) => {
    expect(createOwnCaller(SHOP, readPlan(SHOP, env))(procedure)).toBe(caller);
  });
});
