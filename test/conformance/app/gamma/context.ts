import { defineContext } from "holon";
import { gamma as contract, delta } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Gamma calls delta. */
export const gamma = defineContext(contract, { tables, calls: { delta } });
