import { payments } from "./context.ts";

/** Only admins and other contexts see payments, so `access` in the contract is the only rule. */
export const rules = payments.rules({});
