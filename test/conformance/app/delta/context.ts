import { defineContext } from "holon";
import { delta as contract } from "../contracts/index.ts";
import * as tables from "./tables.ts";

/** Delta calls no other context. */
export const delta = defineContext(contract, { tables });
