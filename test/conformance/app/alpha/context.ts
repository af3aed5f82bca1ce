import { defineContext } from "holon";
import { beta, alpha as contract, gamma } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Alpha calls beta and gamma. It does not know delta. */
export const alpha = defineContext(contract, { tables, calls: { beta, gamma } });

/** The type of alpha's handlers, by group. */
export type AlphaHandlers = Parameters<typeof alpha.procedures>[0];
