import { notifications } from "./context.ts";

/** Messages are seen by admins and other contexts only: `access` in the contract says all there is. */
export const rules = notifications.rules({});
