import { defineContext } from "holon";
import { payments as paymentsContract } from "#contracts/payments";
import * as tables from "./tables.ts";

/** Money for orders, taken and given back through a gateway. */
export const payments = defineContext(paymentsContract, { tables });
