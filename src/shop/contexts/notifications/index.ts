import type { ContextModule } from "holon";
import { notifications } from "./context.ts";
import { events } from "./events.ts";
import { createJobs, type NotificationsParts } from "./jobs.ts";
import { procedures } from "./procedures.ts";
import { rules } from "./rules.ts";

export type { NotificationsParts } from "./jobs.ts";

/** The notifications context with its handlers. */
export const createNotificationsModule = (parts: NotificationsParts): ContextModule =>
  notifications.implement({ procedures, events, jobs: createJobs(parts), rules });
