import type { ContextModule } from "holon";
import { users } from "./context.ts";
import { type FirstAdmin, makeFirstAdmin } from "./first-admin.ts";
import { createProcedures, type ProcedureParts } from "./procedures.ts";
import { rules } from "./rules.ts";

export type { FirstAdmin } from "./first-admin.ts";

/** What the users context is handed in. */
export interface UsersParts extends ProcedureParts {
  /** Undefined where the shop has no account to begin with. */
  readonly firstAdmin: FirstAdmin | undefined;
}

/** The users context with its handlers. The password of the first admin is used at start, and handed to nothing else. */
export const createUsersModule = ({ firstAdmin, ...parts }: UsersParts): ContextModule =>
  users.implement({ procedures: createProcedures(parts), rules, atStart: ({ ctx }) => makeFirstAdmin(ctx, firstAdmin) });
