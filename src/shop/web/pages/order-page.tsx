import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { isHolonCode } from "holon/client";
import { type Order, type User, useTRPC } from "../api.ts";
import { formatMoment } from "../dates.ts";
import { Failure, Loading, Notice } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { StatusBadge, statusName } from "../elements/status-badge.tsx";
import { dataOf, sentenceOf } from "../errors/sentence.ts";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/paths.ts";
import { NotFoundPage } from "./not-found-page.tsx";
import { declineSentence, orderNews } from "./order-news.ts";
import { orderNumber } from "./order-number.ts";
import { OrderProgress } from "./order-progress.tsx";
import { useLiveOrder } from "./use-live-order.ts";

/** One order. The page shows each change without a reload. */
export function OrderPage({ id, user }: { readonly id: string; readonly user: User }) {
  const { data: order, error, refetch, isLive } = useLiveOrder(id);
  const nameOf = useProductNames(order);
  if (["NOT_FOUND", "BAD_REQUEST"].includes(dataOf(error).code ?? "")) return <NotFoundPage />;
  const title = `Order ${orderNumber(id)}`;
  if (order === undefined) {
    return <Page title={title}>{error === null ? <Loading what="the order" /> : <Failure error={error} onRetry={() => void refetch()} />}</Page>;
  }
  const { status, reason } = order;
  return (
    <Page title={title} aside={<StatusBadge status={status} />} intro={`Placed on ${formatMoment(order.createdAt)}`} className="narrow">
      <div className={`order-news news-${status}`} role="status">
        <p>{orderNews(status)}</p>
        {reason === null ? null : <p>{declineSentence(reason, nameOf)}</p>}
      </div>
      <OrderProgress status={status} />
      {isLive ? null : <p className="muted">This page gets no changes at the moment. It gets them again when it is connected to the shop.</p>}
      <OrderLines order={order} nameOf={nameOf} />
      <OrderActions order={order} user={user} />
    </Page>
  );
}

/** Names of products by id: from the order if it has them, otherwise from the catalog. */
function useProductNames(order: Order | undefined): (productId: string) => string | undefined {
  const trpc = useTRPC();
  const nameless = order?.lines.filter(({ name }) => name === null) ?? [];
  const answers = useQueries({ queries: nameless.map(({ productId }) => trpc.catalog.products.get.queryOptions({ id: productId })) });
  const names = new Map(order?.lines.map(({ productId, name }) => [productId, name ?? undefined]));
  for (const { data } of answers) if (data !== undefined) names.set(data.id, data.name);
  return (productId) => names.get(productId);
}

function OrderLines({ order: { lines, totalCents }, nameOf }: { readonly order: Order; readonly nameOf: (id: string) => string | undefined }) {
  return (
    <section className="panel" aria-label="What was ordered">
      <h2>What was ordered</h2>
      <ul className="summary">
        {lines.map(({ productId, quantity, unitPriceCents }) => (
          <li key={productId}>
            <span>
              {quantity} × <Link to={paths.product(productId)}>{nameOf(productId) ?? "Product"}</Link>
            </span>
            <span>{unitPriceCents === null ? "" : formatCents(unitPriceCents * quantity)}</span>
          </li>
        ))}
        {totalCents === null ? null : (
          <li className="summary-total">
            <span>Total</span>
            <span className="price">{formatCents(totalCents)}</span>
          </li>
        )}
      </ul>
    </section>
  );
}

const NEXT: Partial<Record<Order["status"], "shipped" | "delivered">> = { confirmed: "shipped", shipped: "delivered" };

function OrderActions({ order: { id, status, version }, user }: { readonly order: Order; readonly user: User }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSuccess = (order: Order): void => {
    queryClient.setQueryData(trpc.orders.get.queryKey({ id }), order);
    void queryClient.invalidateQueries({ queryKey: trpc.orders.list.queryKey() });
  };
  const cancel = useMutation(trpc.orders.cancel.mutationOptions({ onSuccess }));
  const moveOn = useMutation(trpc.orders.changeStatus.mutationOptions({ onSuccess }));
  const error = cancel.error ?? moveOn.error;
  const next = user.role === "admin" ? NEXT[status] : undefined;
  if (status !== "confirmed" && next === undefined && error === null) return null;
  return (
    <section aria-label="What you can do" className="order-actions">
      {error === null ? null : <Notice kind="error">{actionSentence(error)}</Notice>}
      {next === undefined ? null : (
        <button type="button" className="button primary" disabled={moveOn.isPending} onClick={() => moveOn.mutate({ id, version, status: next })}>
          Mark as {statusName(next).toLowerCase()}
        </button>
      )}
      {status === "confirmed" ? (
        <button type="button" className="button danger" disabled={cancel.isPending} onClick={() => cancel.mutate({ id })}>
          Cancel this order
        </button>
      ) : null}
    </section>
  );
}

function actionSentence(error: unknown): string {
  if (!isHolonCode(error, "ILLEGAL_STATUS_CHANGE")) return sentenceOf(error);
  const { from } = error.data.details as { readonly from: Order["status"] };
  return `That is not possible any more. The status of the order is now: ${statusName(from).toLowerCase()}.`;
}
