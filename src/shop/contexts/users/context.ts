import { defineContext } from "holon";
import { users as usersContract } from "#contracts/users";
import * as tables from "./tables.ts";

/** The users context: accounts, and proofs of identity. */
export const users = defineContext(usersContract, { tables });
