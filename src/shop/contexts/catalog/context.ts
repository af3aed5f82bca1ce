import { defineContext } from "holon";
import { catalog as catalogContract } from "#contracts/catalog";
import * as tables from "./tables.ts";

/** What is sold, and how much of it is there. */
export const catalog = defineContext(catalogContract, { tables });
