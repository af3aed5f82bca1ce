import type { CartLine } from "./cart.ts";

const NAME = "shop.order-attempt";

/**
 * The idempotency key of placing these lines: the same one until the order is placed or the cart changes, also after a reload.
 *
 * So a second click, or a second try after a lost answer, meets the first order and makes no other.
 */
export function orderAttempt(storage: Pick<Storage, "getItem" | "setItem">, userId: string, lines: readonly CartLine[]): string {
  const what = JSON.stringify([userId, lines]);
  const [known, key] = (storage.getItem(NAME) ?? "").split("\n");
  if (known === what && key !== undefined) return key;
  const fresh = newKey();
  storage.setItem(NAME, `${what}\n${fresh}`);
  return fresh;
}

/** Forgets the key: the same cart is another order from now on. */
export function endOrderAttempt(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(NAME);
}

/** A key that nobody else has; `crypto.randomUUID` does not exist on pages that came by plain http from elsewhere. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
