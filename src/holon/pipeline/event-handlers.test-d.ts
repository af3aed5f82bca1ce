import { pgSchema, text } from "drizzle-orm/pg-core";
import { z } from "zod";
import { contract, event } from "../contract/index.ts";
import { type ContextModule, defineContext, type TransactionOf } from "../define/define-context.ts";
import { type EventWork, startEventWork } from "../work/inbox/start-event-work.ts";
import { job } from "../work/jobs/job.ts";
import type { JobWork } from "../work/jobs/start-job-work.ts";
import type { CompiledContext } from "./context-runtime.ts";

const payments = contract("payments", {
  procedures: {},
  events: {
    paymentTaken: event(z.object({ orderId: z.string(), cents: z.int() }), { orderedBy: "orderId" }),
    paymentRefused: event(z.object({ why: z.string() })),
  },
});
const stock = contract("stock", { procedures: {}, events: { counted: event(z.object({ n: z.int() })) } });
const orders = contract("orders", { procedures: {}, events: { orderPaid: event(z.object({ orderId: z.string() })) } });
const tables = { orders: pgSchema("orders").table("orders", { id: text().primaryKey() }) };

const def = defineContext(orders, { tables, subscribesTo: { payments, stock }, jobs: { sendReceipt: job(z.object({ orderId: z.string() })) } });

const markPaid = async (tx: TransactionOf<typeof def>, id: string): Promise<void> => {
  await tx.db.insert(tables.orders).values({ id });
};

export const events = def.events({
  payments: {
    async paymentTaken({ event: { name, payload, id, producer }, tx, ctx }) {
      await markPaid(tx, payload.orderId);
      await tx.emit("orderPaid", { orderId: payload.orderId });
      await tx.enqueue("sendReceipt", { orderId: payload.orderId });
      ctx.log.info(
        { id, cents: payload.cents satisfies number, name: name satisfies "paymentTaken", producer: producer satisfies "payments" },
        "paid",
      );
      // @ts-expect-error: no such event of this context
      await tx.emit("paymentTaken", {});
      // @ts-expect-error: no such field
      payload.why;
    },
  },
  stock: {},
});

def.events({
  // @ts-expect-error: no such event
  payments: { paymentLost: async () => {} },
  stock: {},
});
// @ts-expect-error: a subscription without its handlers
def.events({ payments: {} });
// @ts-expect-error: a context that it does not subscribe to
def.events({ payments: {}, stock: {}, users: {} });

const jobs = def.jobs({ sendReceipt: async () => {} });
export const module = def.implement({ procedures: {}, jobs, events });
// @ts-expect-error: a context that subscribes has handlers
def.implement({ procedures: {}, jobs });
// @ts-expect-error: a context that subscribes to nothing has no handlers
defineContext(orders).implement({ procedures: {}, events: { payments: {} } });
export const quiet = defineContext(orders).implement({ procedures: {} });

/** How a process starts the events of a compiled context and uses its jobs. */
export async function startWork(
  context: CompiledContext,
  app: readonly ContextModule[],
  parts: Pick<Parameters<typeof startEventWork>[0], "data" | "backend" | "services">,
  jobs: JobWork,
): Promise<EventWork> {
  const work = await startEventWork({ context: context.module, app, openTransaction: context.openTransaction, ...parts });
  work.publisher.dispatchJobsTo(jobs.dispatch);
  return work;
}
