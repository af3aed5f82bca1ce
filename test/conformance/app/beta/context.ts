import { defineContext, job } from "holon";
import { z } from "zod";
import { beta as contract, gamma } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Calls gamma. */
export const beta = defineContext(contract, {
  tables,
  calls: { gamma },
  jobs: { tell: job(z.object({ tag: z.string(), urgent: z.boolean().optional() })) },
});

/** What beta's handlers are, group by group. */
export type BetaHandlers = Parameters<typeof beta.procedures>[0];

/** What beta's rules are, group by group. */
export type BetaRules = Parameters<typeof beta.rules>[0];
