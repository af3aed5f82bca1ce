import type { Product } from "../api.ts";
import { useAnnounce } from "../elements/announcements.tsx";
import { CartIcon } from "../elements/icons.tsx";
import { useCart } from "./use-cart.ts";

/** A button that puts pieces of a product into the cart and announces it. */
export function AddToCart({ product, quantity = 1 }: { readonly product: Product; readonly quantity?: number }) {
  const cart = useCart();
  const announce = useAnnounce();
  const add = (): void => {
    cart.add(product.id, quantity);
    announce(quantity === 1 ? `${product.name} is in the cart.` : `${quantity} × ${product.name} are in the cart.`);
  };
  return (
    <button type="button" className="button" disabled={product.stock === 0} aria-label={`Add ${product.name} to the cart`} onClick={add}>
      <CartIcon />
      Add
    </button>
  );
}
