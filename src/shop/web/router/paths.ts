import { BASE } from "./location.ts";

/** The address of each page. */
export const paths = {
  catalog: `${BASE}/`,
  product: (id: string) => `${BASE}/products/${id}`,
  cart: `${BASE}/cart`,
  checkout: `${BASE}/checkout`,
  orders: `${BASE}/orders`,
  order: (id: string) => `${BASE}/orders/${id}`,
  profile: `${BASE}/profile`,
  signIn: `${BASE}/sign-in`,
  signUp: `${BASE}/sign-up`,
  adminProducts: `${BASE}/admin/products`,
  newProduct: `${BASE}/admin/products/new`,
  adminProduct: (id: string) => `${BASE}/admin/products/${id}`,
} as const;

/** The address of sign-in or sign-up that returns to `back` afterwards. */
export function withReturn(to: string, back: string): string {
  return `${to}?${new URLSearchParams({ next: back })}`;
}

/** The address to return to, from a query. Only pages of the shop are accepted, so that a foreign link cannot redirect elsewhere. */
export function returnOf(search: string): string {
  const next = new URLSearchParams(search).get("next");
  return next !== null && /^\/shop\/(?!.*[\\])/.test(next) ? next : paths.catalog;
}
