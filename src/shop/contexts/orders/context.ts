import { defineContext, job, workflow } from "holon";
import { z } from "zod";
import { catalog, Lines } from "#contracts/catalog";
import { OrderStatus, orders as ordersContract } from "#contracts/orders";
import { payments } from "#contracts/payments";
import { users } from "#contracts/users";
import * as tables from "./tables.ts";

const OfOrder = z.object({ orderId: z.uuid() });
const Ended = z.object({ status: OrderStatus });

/** The orders context: orders from placing to delivery. */
export const orders = defineContext(ordersContract, {
  tables,
  calls: { users, catalog, payments },
  subscribesTo: { catalog },
  jobs: {
    releaseUnplaced: job(OfOrder),
    sendSales: job(z.object({ rebuild: z.int() }), { timeoutMs: 10 * 60_000 }),
  },
  workflows: {
    placeOrder: workflow({ version: 1, input: z.object({ orderId: z.uuid(), customerId: z.uuid(), lines: Lines }), output: Ended }),
    cancelOrder: workflow({ version: 1, input: OfOrder, output: Ended }),
  },
});
