import { useQueries } from "@tanstack/react-query";
import { type Product, useTRPC } from "../api.ts";
import { dataOf } from "../errors/sentence.ts";
import type { CartLine } from "./cart.ts";
import { useCartLines } from "./use-cart.ts";

/** A line of the cart with its product as it is now. `isGone`: it is not sold any more. */
export interface PricedCartLine extends CartLine {
  readonly product: Product | undefined;
  readonly isGone: boolean;
}

/** The cart with the products of today. */
export interface PricedCart {
  readonly lines: readonly PricedCartLine[];
  readonly totalCents: number;
  /** Products are still being asked for. */
  readonly isPending: boolean;
  /** Why they could not be asked for. */
  readonly error: unknown;
  readonly refetch: () => void;
}

/** Asks for the products of the cart; the client makes one request of it. */
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

/** What stands in the way of ordering a line as it is, in a sentence; undefined where nothing does. */
export function lineFault({ product, isGone, quantity }: PricedCartLine): string | undefined {
  if (isGone) return "This is not sold any more.";
  if (product === undefined) return undefined;
  if (product.stock === 0) return `${product.name} is out of stock.`;
  return product.stock < quantity ? `Only ${product.stock} left of ${product.name}.` : undefined;
}
