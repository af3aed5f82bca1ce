import { useQueries } from "@tanstack/react-query";
import { type Product, useTRPC } from "../api.ts";
import { dataOf } from "../errors/sentence.ts";
import type { CartLine } from "./cart.ts";
import { useCartLines } from "./use-cart.ts";

/** A line of the cart with its current product. `isGone`: the product is no longer sold. */
export interface PricedCartLine extends CartLine {
  readonly product: Product | undefined;
  readonly isGone: boolean;
}

/** The cart with current products. */
export interface PricedCart {
  readonly lines: readonly PricedCartLine[];
  readonly totalCents: number;
  /** Products are still being loaded. */
  readonly isPending: boolean;
  /** Why the products could not be loaded. */
  readonly error: unknown;
  readonly refetch: () => void;
}

/** Loads the products of the cart; the client sends one batched request. */
export function useCartProducts(): PricedCart {
  const trpc = useTRPC();
  const cartLines = useCartLines();
  const answers = useQueries({ queries: cartLines.map(({ productId }) => trpc.catalog.products.get.queryOptions({ id: productId })) });
  const lines = cartLines.map((line, index) => ({
    ...line,
    product: answers[index]?.data,
    isGone: ["NOT_FOUND", "BAD_REQUEST"].includes(dataOf(answers[index]?.error).code ?? ""),
  }));
  const failed = answers.find((answer, index) => answer.error !== null && lines[index]?.isGone === false);
  return {
    lines,
    totalCents: lines.reduce((sum, { product, quantity }) => sum + (product?.priceCents ?? 0) * quantity, 0),
    isPending: answers.some((answer) => answer.isPending),
    error: failed?.error ?? null,
    refetch: () => {
      for (const answer of answers) void answer.refetch();
    },
  };
}

/** Why a line cannot be ordered as it is, in a sentence; undefined if it can. */
export function lineFault({ product, isGone, quantity }: PricedCartLine): string | undefined {
  if (isGone) return "This is not sold any more.";
  if (product === undefined) return undefined;
  if (product.stock === 0) return `${product.name} is out of stock.`;
  return product.stock < quantity ? `Only ${product.stock} left of ${product.name}.` : undefined;
}
