import { createContext, useContext, useSyncExternalStore } from "react";
import type { Cart, CartLine } from "./cart.ts";

/** The cart that `main.tsx` made. */
export const CartContext = createContext<Cart | undefined>(undefined);

/** The cart of this browser. */
export function useCart(): Cart {
  const cart = useContext(CartContext);
  if (cart === undefined) throw new TypeError("There is no <CartContext> around this component.");
  return cart;
}

/** The lines of the cart; renders again when they change. */
export function useCartLines(): readonly CartLine[] {
  const cart = useCart();
  return useSyncExternalStore(cart.subscribe, cart.lines);
}
