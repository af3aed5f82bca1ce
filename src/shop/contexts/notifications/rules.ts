import { notifications } from "./context.ts";

/** Only admins and other contexts see messages, so `access` in the contract is the only rule. */
export const rules = notifications.rules({});
