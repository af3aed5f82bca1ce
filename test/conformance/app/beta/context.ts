import { defineContext, job } from "holon";
import { z } from "zod";
import { beta as contract, gamma } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Beta calls gamma. */
export const beta = defineContext(contract, {
  tables,
  calls: { gamma },
  jobs: { tell: job(z.object({ tag: z.string(), urgent: z.boolean().optional() })) },
});

/** The type of beta's handlers, by group. */
export type BetaHandlers = Parameters<typeof beta.procedures>[0];

/** The type of beta's rules, by group. */
export type BetaRules = Parameters<typeof beta.rules>[0];
