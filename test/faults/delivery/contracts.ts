import { contract, event, mutation } from "holon/contract";
import { z } from "zod";

const Line = z.object({ sku: z.string(), quantity: z.int(), priceCents: z.int() });

/** An order, as a customer sends it. */
export const Order = z.object({ id: z.string(), lines: z.array(Line).min(1).max(20) });

export type Order = z.output<typeof Order>;

const Placed = z.object({ id: z.string(), totalCents: z.int() });

/** Something that happens to a key. */
export const Move = z.object({ key: z.string(), n: z.int(), held: z.boolean() });

export type Move = z.output<typeof Move>;

/** The producer of the fault tests. */
export const orders = contract("orders", {
  procedures: {
    place: mutation({ access: "public", idempotent: true, input: Order, output: Placed }),
    /** The same, by a handler that acts outside its own transaction. */
    placeOutside: mutation({ access: "public", idempotent: true, input: Order, output: Placed }),
    /** Without a key, and with all the points at which its process may die. */
    placeByHand: mutation({ access: "public", input: Order, output: Placed }),
    /** Something that happens to a key; a held one waits in its commit until the harness lets it go. */
    move: mutation({ access: "public", idempotent: true, input: Move }),
    /** The same without a key: whoever sends it twice moves twice. */
    moveByHand: mutation({ access: "public", input: Move }),
  },
  events: {
    orderPlaced: event(z.object({ orderId: z.string(), units: z.int(), totalCents: z.int() }), { orderedBy: "orderId" }),
    moved: event(z.object({ key: z.string(), n: z.int() }), { orderedBy: "key" }),
  },
});

/** Those who hear of orders. */
export const SUBSCRIBERS = ["stock", "bills", "mails"] as const;

export type Subscriber = (typeof SUBSCRIBERS)[number];
