import { pgSchema, text } from "drizzle-orm/pg-core";
import { z } from "zod";
import { contract, event, mutation } from "../contract/index.ts";
import { workflow } from "../work/workflows/workflow.ts";
import { defineContext } from "./define-context.ts";

const catalog = contract("catalog", {
  procedures: {
    reserve: mutation({ access: "internal", idempotent: true, input: z.object({ id: z.string() }), output: z.object({ left: z.int() }) }),
    release: mutation({ access: "internal", idempotent: true, input: z.object({ id: z.string() }) }),
  },
});
const payments = contract("payments", {
  procedures: {},
  events: { paymentTaken: event(z.object({ orderId: z.string(), cents: z.int() }), { orderedBy: "orderId" }) },
});
const orders = contract("orders", {
  procedures: { place: mutation({ access: "public", input: z.object({ id: z.string() }), output: z.object({ runId: z.string() }) }) },
  events: { orderConfirmed: event(z.object({ id: z.string() })) },
});
const tables = { orders: pgSchema("orders").table("orders", { id: text().primaryKey() }) };
const Place = z.object({ id: z.string(), note: z.string().optional() });

const def = defineContext(orders, {
  tables,
  calls: { catalog },
  subscribesTo: { payments },
  workflows: {
    placeOrder: workflow({ version: 1, input: Place, output: z.object({ left: z.int() }), waitsFor: { payments: ["paymentTaken"] } }),
    tidyUp: workflow({ version: 2, input: Place, earlier: { 1: { input: z.object({ old: z.string() }), output: z.object({ n: z.int() }) } } }),
  },
});

export const workflows = def.workflows({
  async placeOrder({ input, step, run }) {
    const reserved = await step.call("reserve", ({ call }) => call.catalog.reserve({ id: input.id }), {
      undo: ({ call, result, isInDoubt, key }) => {
        const left: number | undefined = result?.left;
        return call.catalog.release({ id: `${left}${isInDoubt}${key}` });
      },
      retry: { attempts: 5, firstMs: 200, greatestMs: 10_000 },
      timeoutMs: 5_000,
    });
    const confirmed = await step.transaction(
      "confirm",
      async ({ tx, ctx }) => {
        await tx.db.insert(tables.orders).values({ id: input.id });
        await tx.emit("orderConfirmed", { id: input.id });
        await tx.start("tidyUp", { id: input.id }, { key: ctx.traceId });
        // @ts-expect-error: a transaction cannot call
        ctx.call;
        return { at: new Date(0), id: run.id };
      },
      {
        undo: async ({ tx, result }) => {
          await tx.db.delete(tables.orders);
          result?.id satisfies string | undefined;
          // @ts-expect-error: the result of the step does not have this field
          result?.left;
        },
      },
    );
    confirmed.at satisfies string;
    const asked = await step.run("askTheBank", async ({ ctx, key }) => ({ ok: !ctx.signal.aborted, key }));
    await step.sleep("coolDown", 60_000);
    const paid = await step.waitFor("paid", { event: "payments.paymentTaken", key: input.id, timeoutMs: 1_000 });
    // @ts-expect-error: undefined if no event came in time
    paid.cents;
    // @ts-expect-error: an event that the workflow does not wait for
    await step.waitFor("other", { event: "payments.paymentLost", key: input.id, timeoutMs: 1_000 });
    return { left: reserved.left + (paid?.cents ?? 0) + (asked.ok ? 1 : 0) };
  },
  tidyUp: {
    1: ({ input }) => ({ n: input.old.length }),
    2: async ({ input }) => {
      input.note satisfies string | undefined;
    },
  },
});

// @ts-expect-error: a missing workflow does not compile
def.workflows({ placeOrder: workflows.placeOrder });
// @ts-expect-error: a surplus workflow does not compile
def.workflows({ ...workflows, surplus: async () => {} });
// @ts-expect-error: an earlier version without its body does not compile
def.workflows({ ...workflows, tidyUp: { 2: async () => {} } });
def.workflows({
  ...workflows,
  // @ts-expect-error: outside of steps `ctx` does not exist
  placeOrder: async ({ ctx }) => ({ left: ctx ? 1 : 0 }),
});
// @ts-expect-error: an answer that the workflow does not declare
def.workflows({ ...workflows, placeOrder: async () => ({ left: "1" }) });

const procedures = def.procedures({
  async place({ input, ctx }) {
    const run = await ctx.findRun("placeOrder", input.id);
    if (run?.isActive) return { runId: run.id };
    return ctx.transaction(async (tx) => {
      // @ts-expect-error: this workflow does not exist
      await tx.start("nothing", {}, { key: "k" });
      // @ts-expect-error: an input that does not fit
      await tx.start("placeOrder", { id: 1 }, { key: "k" });
      // @ts-expect-error: a run needs a key
      await tx.start("placeOrder", { id: "1" });
      // @ts-expect-error: starting exists on the transaction only
      ctx.start;
      const started = await tx.start("placeOrder", { id: input.id }, { key: input.id });
      return { runId: started.runId };
    });
  },
});
export const module = def.implement({ procedures, workflows, events: { payments: {} } });
// @ts-expect-error: workflows that are declared need their bodies
def.implement({ procedures, events: { payments: {} } });
// @ts-expect-error: a workflow waits only for events of contexts that this one subscribes to
defineContext(orders, { workflows: { w: workflow({ version: 1, input: Place, waitsFor: { payments: ["paymentTaken"] } }) } });
defineContext(orders, {
  subscribesTo: { payments },
  // @ts-expect-error: this event does not exist
  workflows: { w: workflow({ version: 1, input: Place, waitsFor: { payments: ["paymentLost"] } }) },
});
