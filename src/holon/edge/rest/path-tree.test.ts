import { expect, test } from "vitest";
import { PathTree } from "./rest-table.ts";

const tree = new PathTree<string>();
for (const template of [
  "/orders",
  "/orders/{id}",
  "/orders/counts",
  "/orders/{id}/lines/{line}",
  "/orders/counts/all",
  "/users/{customerId}/orders",
]) {
  tree.obtain(template, () => template);
}

test.each([
  ["/orders", "/orders", []],
  ["/orders?x=/a/b", "/orders", []],
  ["/orders/7", "/orders/{id}", ["7"]],
  ["/orders/7?x=1", "/orders/{id}", ["7"]],
  ["/orders/counts", "/orders/counts", []],
  ["/orders/counts/all", "/orders/counts/all", []],
  ["/orders/counts/lines/2", "/orders/{id}/lines/{line}", ["counts", "2"]],
  ["/orders/a%2fb", "/orders/{id}", ["a%2fb"]],
  ["/users/8/orders", "/users/{customerId}/orders", ["8"]],
])("%s leads to %s", (url, value, texts) => {
  expect(tree.find(url)).toEqual({ value, texts });
});

test.each([
  "/",
  "",
  "/order",
  "/orders/",
  "/orders//",
  "//orders",
  "/Orders",
  "/orders/7/",
  "/orders/7/lines",
  "/users//orders",
  "/%6frders",
  "/__proto__",
])("%j leads nowhere", (url) => {
  expect(tree.find(url)).toBeUndefined();
});

test("one template has one value, whatever its members are called", () => {
  expect(tree.obtain("/orders/{number}", () => "another")).toBe("/orders/{id}");
});
