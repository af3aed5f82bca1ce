import { defineContext, job, schedule } from "holon";
import { z } from "zod";
import { catalog as catalogContract } from "#contracts/catalog";
import { orders } from "#contracts/orders";
import * as tables from "./tables.ts";

/** The catalog context: products and their stock. */
export const catalog = defineContext(catalogContract, {
  tables,
  subscribesTo: { orders },
  jobs: { reportHeldStock: job(z.object({})) },
  schedules: { heldStock: schedule("* * * * *", "reportHeldStock", {}) },
});
