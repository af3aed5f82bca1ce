import { contract, event, mutation, query } from "holon/contract";
import { z } from "zod";
import { since2 } from "./version.ts";

const id = z.string();
/** An optional member of an order, which the first version does not know. */
const added = since2({ note: z.string().optional() });

export const orders = contract("orders", {
  procedures: {
    place: mutation({
      access: "public",
      idempotent: true,
      input: z.object({ id, ...added }),
      output: z.object({ id, version: z.int(), ...added }),
      rest: "POST /orders",
    }),
    /** The versions of the two processes that answer this call. */
    route: query({ access: "public", output: z.object({ orders: z.int(), stock: z.int(), ...added }) }),
    known: query({ access: "internal", input: z.object({ id, ...added }), output: z.object({ known: z.boolean(), ...added }) }),
    /** Calls a procedure that the first version of the other context does not have. */
    ...since2({ recount: query({ access: "public", output: z.object({ effects: z.int() }) }) }),
  },
  events: {
    placed: event(z.object({ id, ...added }), { orderedBy: "id" }),
    ...since2({ priced: event(z.object({ id }), { orderedBy: "id" }) }),
  },
});

export const stock = contract("stock", {
  procedures: {
    version: query({ access: "internal", input: z.object({ ...added }), output: z.object({ version: z.int(), ...added }) }),
    reserve: mutation({ access: "internal", idempotent: true, input: z.object({ id, ...added }), output: z.object({ id, ...added }) }),
    ...since2({ recount: query({ access: "internal", output: z.object({ effects: z.int() }) }) }),
  },
  /** Both versions emit this event; only the second version of the other context has a workflow that waits for it. */
  events: { packed: event(z.object({ id }), { orderedBy: "id" }) },
});
