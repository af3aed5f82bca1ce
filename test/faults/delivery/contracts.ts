import { contract, event, mutation } from "holon/contract";
import { z } from "zod";

const Line = z.object({ sku: z.string(), quantity: z.int(), priceCents: z.int() });

/** An order, as a customer sends it. */
export const Order = z.object({ id: z.string(), lines: z.array(Line).min(1).max(20) });

export type Order = z.output<typeof Order>;

const Placed = z.object({ id: z.string(), totalCents: z.int() });

/** A numbered event of a key. */
export const Move = z.object({ key: z.string(), n: z.int(), held: z.boolean() });

export type Move = z.output<typeof Move>;

/** The contract of the producer. */
export const orders = contract("orders", {
  procedures: {
    place: mutation({ access: "public", idempotent: true, input: Order, output: Placed }),
    /** Like `place`, but the handler is an outside effect: it opens its transaction itself. */
    placeOutside: mutation({ access: "public", idempotent: true, input: Order, output: Placed }),
    /** Like `place`, but without an idempotency key, and with all the points at which its process may die. */
    placeByHand: mutation({ access: "public", input: Order, output: Placed }),
    /** Emits an event of a key. If `held`, its commit waits until the harness releases it. */
    move: mutation({ access: "public", idempotent: true, input: Move }),
    /** Like `move`, but without an idempotency key: if it is called twice, it emits twice. */
    moveByHand: mutation({ access: "public", input: Move }),
  },
  events: {
    orderPlaced: event(z.object({ orderId: z.string(), units: z.int(), totalCents: z.int() }), { orderedBy: "orderId" }),
    moved: event(z.object({ key: z.string(), n: z.int() }), { orderedBy: "key" }),
  },
});

/** The contexts that subscribe to orders. */
export const SUBSCRIBERS = ["stock", "bills", "mails"] as const;

export type Subscriber = (typeof SUBSCRIBERS)[number];
