import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { type User, useTRPC } from "../api.ts";
import { endOrderAttempt, orderAttempt } from "../cart/order-attempt.ts";
import { useCart, useCartLines } from "../cart/use-cart.ts";
import { lineFault, useCartProducts } from "../cart/use-cart-products.ts";
import { Failure, Loading, Notice } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { navigate } from "../router/location.ts";
import { paths } from "../router/paths.ts";

/** Shows an order before it is placed. */
export function CheckoutPage({ user }: { readonly user: User }) {
  const { lines, totalCents, isPending, error, refetch } = useCartProducts();
  const { place, failure, isPlacing } = usePlaceOrder(user);
  if (lines.length === 0) {
    return (
      <Page title="Checkout" intro="There is nothing in the cart.">
        <Link to={paths.catalog} className="button">
          To all products
        </Link>
      </Page>
    );
  }
  const faults = lines.map(lineFault).filter((fault) => fault !== undefined);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isPlacing) place();
  };
  return (
    <Page title="Checkout" intro="Please check your order. It is placed when you press the button." className="narrow">
      {error === null ? null : <Failure error={error} onRetry={refetch} />}
      {isPending ? <Loading what="prices" /> : null}
      <section className="panel" aria-label="Your order">
        <h2>Your order</h2>
        <ul className="summary">
          {lines.map(({ productId, product, quantity }) => (
            <li key={productId}>
              <span>
                {quantity} × {product?.name ?? "Product"}
              </span>
              <span>{product === undefined ? "" : formatCents(product.priceCents * quantity)}</span>
            </li>
          ))}
          <li className="summary-total">
            <span>Total</span>
            <span className="price">{formatCents(totalCents)}</span>
          </li>
        </ul>
      </section>
      <section className="panel" aria-label="Customer">
        <h2>Customer</h2>
        <address>
          {[user.name, user.company, user.city, user.country].filter(Boolean).join(", ")}
          <br />
          {user.email}
        </address>
      </section>
      {faults.length === 0 ? null : (
        <Notice kind="warning">
          {faults.map((fault) => (
            <p key={fault}>{fault}</p>
          ))}
          <Link to={paths.cart}>Change the cart</Link>
        </Notice>
      )}
      {failure === null ? null : <Failure error={failure} />}
      <form onSubmit={submit}>
        <button type="submit" className="button primary wide" disabled={isPending || faults.length > 0} aria-disabled={isPlacing}>
          {isPlacing ? "Placing your order…" : `Place order and pay ${formatCents(totalCents)}`}
        </button>
      </form>
    </Page>
  );
}

function usePlaceOrder(user: User) {
  const trpc = useTRPC();
  const cart = useCart();
  const lines = useCartLines();
  const queryClient = useQueryClient();
  const idempotencyKey = orderAttempt(window.sessionStorage, user.id, lines);
  const { mutate, error, isPending, isSuccess } = useMutation(
    trpc.orders.place.mutationOptions({
      trpc: { context: { idempotencyKey } },
      onSuccess: (order) => {
        endOrderAttempt(window.sessionStorage);
        cart.clear();
        queryClient.setQueryData(trpc.orders.get.queryKey({ id: order.id }), order);
        void queryClient.invalidateQueries({ queryKey: trpc.orders.list.queryKey() });
        navigate(paths.order(order.id), { replace: true });
      },
    }),
  );
  return { place: () => mutate({ lines: [...lines] }), failure: error, isPlacing: isPending || isSuccess };
}
