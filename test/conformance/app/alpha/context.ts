import { defineContext } from "holon";
import { beta, alpha as contract, gamma } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Calls beta and gamma; delta does not exist for it. */
export const alpha = defineContext(contract, { tables, calls: { beta, gamma } });

/** What alpha's handlers are, group by group. */
export type AlphaHandlers = Parameters<typeof alpha.procedures>[0];
