import { contracts } from "#contracts";
import { call, type Facts, type Row, type Sender } from "../row.ts";

const { place, get, cancel, totals, list } = contracts.orders.procedures;
const { products, stock } = contracts.catalog.procedures;
const LINES = { lines: [{ productId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", quantity: 1 }] };

const unknown = (as: Sender): Row => call(`an order by a token: ${as}`, "orders.place", place, LINES, 401, "UNAUTHORIZED", { as });

/** Headers that the processes of an app send each other, and that have a meaning there. */
const FORGED = {
  "holon-principal": '{"kind":"system","context":"orders","task":"forged"}',
  "holon-caller": "orders",
  "holon-proof": "forged",
  "x-forwarded-user": "admin",
};

/** Requests with a wrong identity, or without the permission for the call. */
export const IDENTITY: readonly Row[] = [
  call("an order by nobody", "orders.place", place, LINES, 401, "UNAUTHORIZED", { as: "nobody" }),
  ...(["expired", "unsigned", "wrong key", "wrong issuer", "wrong audience", "garbage", "another scheme"] as const).map(unknown),
  call("a bad token where none is needed", "catalog.products.list", products.list, {}, 401, "UNAUTHORIZED", { as: "expired" }),
  call("a restock by a user", "catalog.stock.restock", stock.restock, LINES, 403, "FORBIDDEN"),
  call("totals for a user", "orders.totals", totals, {}, 403, "FORBIDDEN"),
  call("a restock by nobody with headers of the mesh", "catalog.stock.restock", stock.restock, LINES, 401, "UNAUTHORIZED", {
    ...{ as: "nobody", headers: FORGED },
  }),
  call("a restock by a user with headers of the mesh", "catalog.stock.restock", stock.restock, LINES, 403, "FORBIDDEN", { headers: FORGED }),
  call("an order of somebody else", "orders.get", get, ({ foreignOrderId: id }: Facts) => ({ id }), 404, "NOT_FOUND", {
    // The rule of this procedure checks the handler's answer.
    entered: 1,
  }),
  call("cancelling an order of somebody else", "orders.cancel", cancel, ({ foreignOrderId: id }: Facts) => ({ id }), 404, "NOT_FOUND"),
  call("orders of somebody else", "orders.list", list, { customerId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff" }, 404, "NOT_FOUND"),
];
