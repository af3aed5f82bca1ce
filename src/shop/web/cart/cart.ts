/** One product in a cart. */
export interface CartLine {
  readonly productId: string;
  readonly quantity: number;
}

/** The most lines that an order may have. */
export const GREATEST_LINES = 100;
/** The most pieces of one product that an order may have. */
export const GREATEST_QUANTITY = 10_000;

const NAME = "shop.cart";
const EMPTY: readonly CartLine[] = [];

/**
 * The cart of this browser, in `localStorage`, the same in all tabs. Stored lines are validated, because users and older versions may have written
 * them.
 */
export class Cart {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  readonly #listeners = new Set<() => void>();
  #text: string | null = null;
  #lines: readonly CartLine[] = EMPTY;

  constructor(storage: Pick<Storage, "getItem" | "setItem">) {
    this.#storage = storage;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The lines. The array is the same object until they change. */
  readonly lines = (): readonly CartLine[] => {
    const text = this.#storage.getItem(NAME);
    if (text !== this.#text) {
      this.#text = text;
      this.#lines = parseLines(text);
    }
    return this.#lines;
  };

  /** Adds pieces of a product. */
  add(productId: string, quantity: number): void {
    const has = this.lines().find((line) => line.productId === productId)?.quantity ?? 0;
    this.set(productId, has + quantity);
  }

  /** Sets how many pieces of a product are in the cart; 0 removes it. */
  set(productId: string, quantity: number): void {
    const bounded = Math.min(Math.max(0, Math.trunc(quantity)), GREATEST_QUANTITY);
    const lines = this.lines();
    const isThere = lines.some((line) => line.productId === productId);
    const changed = isThere
      ? lines.map((line) => (line.productId === productId ? { productId, quantity: bounded } : line))
      : [...lines, { productId, quantity: bounded }];
    this.#write(changed.filter((line) => line.quantity > 0).slice(0, GREATEST_LINES));
  }

  clear(): void {
    this.#write(EMPTY);
  }

  /** Notifies all listeners; also called when another tab has changed the cart. */
  readonly changed = (): void => {
    for (const listener of this.#listeners) listener();
  };

  #write(lines: readonly CartLine[]): void {
    this.#storage.setItem(NAME, JSON.stringify(lines));
    this.changed();
  }
}

function parseLines(text: string | null): readonly CartLine[] {
  try {
    const parsed: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(parsed) ? parsed.filter(isLine).slice(0, GREATEST_LINES) : EMPTY;
  } catch {
    return EMPTY;
  }
}

function isLine(value: unknown): value is CartLine {
  const { productId, quantity } = (value ?? {}) as Partial<CartLine>;
  return typeof productId === "string" && Number.isInteger(quantity) && (quantity as number) >= 1 && (quantity as number) <= GREATEST_QUANTITY;
}
