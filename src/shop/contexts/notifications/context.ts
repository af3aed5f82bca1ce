import { defineContext } from "holon";
import { notifications as notificationsContract } from "#contracts/notifications";
import * as tables from "./tables.ts";

/** What people are told. For now it is written down; nothing is sent. */
export const notifications = defineContext(notificationsContract, { tables });
