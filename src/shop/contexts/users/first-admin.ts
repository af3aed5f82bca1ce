import type { ContextOf } from "holon";
import { hashPassword } from "../../identity/password.ts";
import type { users } from "./context.ts";
import * as tables from "./tables.ts";

/** The account that the shop is set up with. */
export interface FirstAdmin {
  /** Trimmed and in lower case. */
  readonly email: string;
  readonly password: string;
}

/**
 * Makes the account of the first admin when its e-mail address is named for the first time, so that nobody else can take the address.
 * An account that is there stays as it is. Processes may do this at once.
 */
export async function ensureFirstAdmin(ctx: ContextOf<typeof users>, admin: FirstAdmin | undefined, email: string | undefined): Promise<void> {
  if (admin === undefined || email !== admin.email) return;
  const passwordHash = await hashPassword(admin.password);
  await ctx.transaction(async (tx) => {
    await tx.db.insert(tables.users).values({ email, name: "Administrator", role: "admin", passwordHash }).onConflictDoNothing();
  });
}
