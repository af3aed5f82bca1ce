import { defineContext } from "holon";
import { users as usersContract } from "#contracts/users";
import * as tables from "./tables.ts";

/** Accounts: who somebody is, and proofs of it. */
export const users = defineContext(usersContract, { tables });
