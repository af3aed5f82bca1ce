import type { Product } from "../api.ts";

/** With fewer pieces than this, the stock is shown as low. */
const FEW = 10;

/** Whether a product can be bought, and whether its stock is low. */
export function Stock({ product: { stock, discontinued } }: { readonly product: Product }) {
  if (stock === 0) return <span className="stock stock-none">Out of stock</span>;
  if (stock < FEW) return <span className="stock stock-few">Only {stock} left</span>;
  return <span className="stock">{discontinued ? "Last pieces" : "In stock"}</span>;
}
