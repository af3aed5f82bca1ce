import type { CartLine } from "./cart.ts";

const NAME = "shop.order-attempt";

/**
 * The idempotency key for placing these lines. It stays the same until the order is placed or the cart changes, also after a reload.
 *
 * So a second click, or a retry after a lost answer, finds the first order and places no second one.
 */
export function orderAttempt(storage: Pick<Storage, "getItem" | "setItem">, userId: string, lines: readonly CartLine[]): string {
  const what = JSON.stringify([userId, lines]);
  const [known, key] = (storage.getItem(NAME) ?? "").split("\n");
  if (known === what && key !== undefined) return key;
  const fresh = newKey();
  storage.setItem(NAME, `${what}\n${fresh}`);
  return fresh;
}

/** Forgets the key: from now on the same cart is a new order. */
export function endOrderAttempt(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(NAME);
}

/** A random key. It does not use `crypto.randomUUID`, which does not exist on pages that were loaded by plain http from another machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
