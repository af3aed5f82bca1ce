import { defineContext, job, schedule } from "holon";
import { z } from "zod";
import { catalog as catalogContract } from "#contracts/catalog";
import { orders } from "#contracts/orders";
import * as tables from "./tables.ts";

/** What is sold, and how much of it is there. */
export const catalog = defineContext(catalogContract, {
  tables,
  subscribesTo: { orders },
  jobs: { reportHeldStock: job(z.object({})) },
  schedules: { heldStock: schedule("* * * * *", "reportHeldStock", {}) },
});
