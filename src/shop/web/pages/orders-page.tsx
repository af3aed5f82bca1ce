import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Order, type User, useTRPC } from "../api.ts";
import { formatDay } from "../dates.ts";
import { Failure, Loading } from "../elements/notice.tsx";
import { Page } from "../elements/page.tsx";
import { Pages } from "../elements/pages.tsx";
import { STATUSES, StatusBadge, statusName } from "../elements/status-badge.tsx";
import { formatCents } from "../money.ts";
import { Link } from "../router/link.tsx";
import { navigate, useLocation } from "../router/location.ts";
import { paths } from "../router/paths.ts";
import { parsePage } from "./catalog-query.ts";
import { orderNumber } from "./order-number.ts";

const PER_PAGE = 10;

interface OrdersQuery {
  readonly status: Order["status"] | undefined;
  /** Whether an admin wants the orders of all customers. */
  readonly everybody: boolean;
  readonly page: number;
}

function parseOrdersQuery(search: string, user: User): OrdersQuery {
  const given = new URLSearchParams(search);
  return {
    status: STATUSES.find((status) => status === given.get("status")),
    everybody: user.role === "admin" && given.get("of") === "everybody",
    page: parsePage(given),
  };
}

function ordersAddress({ status, everybody, page }: OrdersQuery): string {
  const said = new URLSearchParams();
  if (everybody) said.set("of", "everybody");
  if (status !== undefined) said.set("status", status);
  if (page > 1) said.set("page", String(page));
  return said.size === 0 ? paths.orders : `${paths.orders}?${said}`;
}

/** The orders of the signed-in user; admins can also see the orders of all users. */
export function OrdersPage({ user }: { readonly user: User }) {
  const trpc = useTRPC();
  const query = parseOrdersQuery(useLocation().search, user);
  const { status, everybody, page } = query;
  const input = { status, page, limit: PER_PAGE, ...(everybody ? {} : { customerId: user.id }) };
  const { data, error, refetch } = useQuery(trpc.orders.list.queryOptions(input, { placeholderData: keepPreviousData }));
  const title = everybody ? "All orders" : "Your orders";
  return (
    <Page title={title} aside={user.role === "admin" ? <WhoseOrders query={query} /> : null}>
      <OrdersFilter query={query} />
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading what="orders" /> : null}
      {data?.total === 0 ? <p>There are no orders to show.</p> : null}
      <ul className="order-list">
        {data?.items.map((order) => (
          <OrderRow key={order.id} order={order} />
        ))}
      </ul>
      {data === undefined ? null : <Pages {...data} addressOf={(other) => ordersAddress({ ...query, page: other })} />}
    </Page>
  );
}

function WhoseOrders({ query }: { readonly query: OrdersQuery }) {
  const { everybody } = query;
  return <Link to={ordersAddress({ ...query, everybody: !everybody, page: 1 })}>{everybody ? "Only my orders" : "Orders of all customers"}</Link>;
}

function OrdersFilter({ query }: { readonly query: OrdersQuery }) {
  const show = (text: string): void => navigate(ordersAddress({ ...query, status: STATUSES.find((status) => status === text), page: 1 }));
  return (
    <search>
      <label className="field field-inline">
        <span>Show</span>
        <select value={query.status ?? ""} onChange={(event) => show(event.target.value)}>
          <option value="">all orders</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {statusName(status)}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}

function OrderRow({ order: { id, orderedOn, status, lines, totalCents } }: { readonly order: Order }) {
  return (
    <li className="order-row">
      <Link to={paths.order(id)} className="order-link">
        Order {orderNumber(id)}
      </Link>
      <span className="muted">{formatDay(orderedOn)}</span>
      <StatusBadge status={status} />
      <span className="muted">{lines.length === 1 ? "1 product" : `${lines.length} products`}</span>
      <span className="price">{totalCents === null ? "" : formatCents(totalCents)}</span>
    </li>
  );
}
