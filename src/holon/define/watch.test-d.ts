import { pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { z } from "zod";
import { contract, event, query, subscription } from "../contract/index.ts";
import { defineContext } from "./define-context.ts";

const Change = z.object({ orderId: z.string(), state: z.enum(["placed", "paid"]), note: z.string().default("none") });
const orders = contract("orders", {
  procedures: {
    get: query({ access: "public", output: z.string() }),
    changes: subscription({
      access: "public",
      input: z.object({ orderId: z.string(), lastEventId: z.string().optional() }),
      output: Change,
      resumable: true,
    }),
    states: subscription({
      access: "public",
      input: z.object({ orderId: z.string(), lastEventId: z.string().optional() }),
      output: z.enum(["placed", "paid"]),
      resumable: true,
    }),
  },
  events: { orderChanged: event(Change, { orderedBy: "orderId" }), orderSeen: event(z.object({ n: z.int() })) },
});
const tables = { orders: pgSchema("orders").table("orders", { id: uuid().primaryKey(), state: text().notNull() }) };
const def = defineContext(orders, { tables });

export const handlers = def.procedures({
  async get({ ctx }) {
    // @ts-expect-error: a query ends, so its `ctx` has no `watch`
    ctx.watch;
    return "x";
  },
  async *changes({ input, ctx }) {
    // The items of a watch are those of a resumable subscription.
    yield* await ctx.watch("orderChanged", { key: input.orderId, after: input.lastEventId });
  },
  async *states({ input, ctx }) {
    const changes = await ctx.watch("orderChanged", { key: input.orderId, after: input.lastEventId });
    yield { id: changes.start, data: "placed" };
    for await (const { id, data } of changes) yield { id, data: data.state };
    const note: string | undefined = (await changes.next()).value?.data.note;
    // @ts-expect-error: this context has no such event
    await ctx.watch("nothing");
    // @ts-expect-error: the promise must be awaited: the watch is open when it resolves
    for await (const { id } of ctx.watch("orderChanged")) yield { id, data: note === undefined ? "placed" : "paid" };
    for await (const { id, data } of await ctx.watch("orderSeen")) {
      // @ts-expect-error: this event has the field `number`, but not `state`
      yield { id, data: data.state };
    }
  },
});
