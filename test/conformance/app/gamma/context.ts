import { defineContext } from "holon";
import { delta, gamma as contract } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Calls delta. */
export const gamma = defineContext(contract, { tables, calls: { delta } });
