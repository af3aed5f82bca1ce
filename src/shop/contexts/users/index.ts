import type { ContextModule } from "holon";
import { users } from "./context.ts";
import { type FirstAdmin, makeFirstAdmin } from "./first-admin.ts";
import { createProcedures, type ProcedureParts } from "./procedures.ts";
import { rules } from "./rules.ts";

export type { FirstAdmin } from "./first-admin.ts";

/** The dependencies of the users context. */
export interface UsersParts extends ProcedureParts {
  /** Undefined if the shop starts without an account. */
  readonly firstAdmin: FirstAdmin | undefined;
}

/** The users context with its handlers. The first admin's password is used only at start. */
export const createUsersModule = ({ firstAdmin, ...parts }: UsersParts): ContextModule =>
  users.implement({ procedures: createProcedures(parts), rules, atStart: ({ ctx }) => makeFirstAdmin(ctx, firstAdmin) });
