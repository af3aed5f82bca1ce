import { catalog } from "./context.ts";
import { heldLong } from "./reservations.ts";

/** How long stock may stay reserved before the catalog asks orders about it. Placing an order takes seconds. */
const HELD_MINUTES = 15;

/** The most reports that one run makes. The next run, a minute later, continues. */
const GREATEST_REPORTS = 500;

/** The handlers of the context's jobs. */
export const jobs = catalog.jobs({
  /**
   * The catalog cannot know whether an order is still being placed, so it reports the reservation by an event. The orders context releases the stock
   * if nothing places the order any more.
   */
  async reportHeldStock({ complete }) {
    await complete(async (tx) => {
      for (const orderId of await heldLong(tx, HELD_MINUTES, GREATEST_REPORTS)) await tx.emit("stockHeldLong", { orderId });
    });
  },
});
