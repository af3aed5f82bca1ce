import { payments } from "./context.ts";
import type { PaymentsParts } from "./procedures.ts";
import { settleVoided } from "./settle-voided.ts";

/** The handlers of the context's jobs. */
export const createJobs = ({ gateway }: PaymentsParts) =>
  payments.jobs({
    settleVoided: ({ data, ctx, complete }) => settleVoided(ctx, gateway, data.orderId, complete),
  });
