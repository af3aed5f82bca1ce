import { payments } from "./context.ts";

/** Payments are seen by admins and other contexts only: `access` in the contract says all there is. */
export const rules = payments.rules({});
