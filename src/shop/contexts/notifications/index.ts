import type { ContextModule } from "holon";
import { notifications } from "./context.ts";
import { procedures } from "./procedures.ts";
import { rules } from "./rules.ts";

/** The notifications context with its handlers. */
export const notificationsModule: ContextModule = notifications.implement({ procedures, rules });
