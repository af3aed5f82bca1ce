import { defineContext, job } from "holon";
import { z } from "zod";
import { payments as paymentsContract } from "#contracts/payments";
import * as tables from "./tables.ts";

/** How long a charge that was called off is looked after: some 20 looks, over an hour or two. */
const LOOKS = { attempts: 20, backoff: { firstMs: 1_000, greatestMs: 15 * 60_000 } };

/** Money for orders, taken and given back through a gateway. */
export const payments = defineContext(paymentsContract, {
  tables,
  jobs: { settleVoided: job(z.object({ orderId: z.uuid() }), LOOKS) },
});
