import { defineContext, job } from "holon";
import { z } from "zod";
import { payments as paymentsContract } from "#contracts/payments";
import * as tables from "./tables.ts";

/** How often the gateway is asked about a cancelled charge: up to 20 times, over an hour or two. */
const LOOKS = { attempts: 20, backoff: { firstMs: 1_000, greatestMs: 15 * 60_000 } };

/** The payments context: charges and refunds of orders, through a gateway. */
export const payments = defineContext(paymentsContract, {
  tables,
  jobs: { settleVoided: job(z.object({ orderId: z.uuid() }), LOOKS) },
});
