import { beforeEach, expect, test } from "vitest";
import { Cart } from "./cart.ts";
import { endOrderAttempt, orderAttempt } from "./order-attempt.ts";

/** Behaves like a browser's storage. */
function createStorage() {
  const texts = new Map<string, string>();
  return {
    getItem: (name: string) => texts.get(name) ?? null,
    setItem: (name: string, text: string) => void texts.set(name, text),
    removeItem: (name: string) => void texts.delete(name),
  };
}

let storage: ReturnType<typeof createStorage>;
beforeEach(() => {
  storage = createStorage();
});

test("a cart adds pieces of a product, removes a product at 0, and is the same in another tab", () => {
  const cart = new Cart(storage);
  cart.add("a", 2);
  cart.add("b", 1);
  cart.add("a", 3);
  expect(cart.lines()).toEqual([
    { productId: "a", quantity: 5 },
    { productId: "b", quantity: 1 },
  ]);
  cart.set("b", 0);
  expect(new Cart(storage).lines()).toEqual([{ productId: "a", quantity: 5 }]);
});

test("a cart returns the same lines until they change, as React needs", () => {
  const cart = new Cart(storage);
  cart.add("a", 1);
  expect(cart.lines()).toBe(cart.lines());
});

test("a cart keeps the limits of an order", () => {
  const cart = new Cart(storage);
  cart.add("a", 20_000);
  expect(cart.lines()).toEqual([{ productId: "a", quantity: 10_000 }]);
  for (let index = 0; index < 150; index++) cart.add(`p${index}`, 1);
  expect(cart.lines()).toHaveLength(100);
});

test.each(["no json", "{}", "null", '[{"productId":1,"quantity":1}]', '[{"productId":"a","quantity":0.5}]', "[null]"])(
  "a cart is empty if the storage holds %s",
  (text) => {
    storage.setItem("shop.cart", text);
    expect(new Cart(storage).lines()).toEqual([]);
  },
);

test("an order keeps its key over tries and reloads, and another cart, another user or the next order has another", () => {
  const lines = [{ productId: "a", quantity: 1 }];
  const key = orderAttempt(storage, "ada", lines);
  expect(orderAttempt(storage, "ada", [...lines])).toBe(key);
  const others = [orderAttempt(storage, "ada", [{ productId: "a", quantity: 2 }]), orderAttempt(storage, "bob", lines)];
  endOrderAttempt(storage);
  others.push(orderAttempt(storage, "bob", lines));
  expect(new Set([key, ...others]).size).toBe(4);
});
