import type { ContextModule } from "holon";
import { users } from "./context.ts";
import { createProcedures, type UsersParts } from "./procedures.ts";
import { rules } from "./rules.ts";

export type { FirstAdmin } from "./first-admin.ts";
export type { UsersParts } from "./procedures.ts";

/** The users context with its handlers. */
export const createUsersModule = (parts: UsersParts): ContextModule => users.implement({ procedures: createProcedures(parts), rules });
