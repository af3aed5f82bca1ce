import { catalog } from "./context.ts";
import { heldLong } from "./reservations.ts";

/** How long stock may be set aside before orders are asked about it; a placing takes seconds. */
const HELD_MINUTES = 15;

/** Reports of one run; the rest is left to the next minute. */
const GREATEST_REPORTS = 500;

/** The handlers of the context's jobs. */
export const jobs = catalog.jobs({
  /** The catalog cannot know whether an order is still being placed. It asks by an event; orders, which know, release what nobody places any more. */
  async reportHeldStock({ complete }) {
    await complete(async (tx) => {
      for (const orderId of await heldLong(tx, HELD_MINUTES, GREATEST_REPORTS)) await tx.emit("stockHeldLong", { orderId });
    });
  },
});
