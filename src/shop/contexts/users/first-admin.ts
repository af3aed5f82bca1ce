import { eq } from "drizzle-orm";
import type { StartContextOf, TransactionOf } from "holon";
import { hashPassword } from "../../identity/password.ts";
import type { users } from "./context.ts";
import * as tables from "./tables.ts";

/** The first admin's account. */
export interface FirstAdmin {
  /** The address is trimmed and in lower case. */
  readonly email: string;
  readonly password: string;
  /** Whether environment variables set it. A development machine has a default account. */
  readonly isSet?: boolean;
}

/** The result of one attempt to make the first admin. */
type Outcome = "made" | "made before" | "address taken";

/**
 * Makes the first admin, once in the life of a database. The account and the row that records it are one commit, and the row outlives the account.
 * Several processes may do this at once.
 */
export async function makeFirstAdmin(ctx: StartContextOf<typeof users>, admin: FirstAdmin | undefined): Promise<void> {
  if (admin === undefined) return;
  const outcome = (await wasMade(ctx)) ? "made before" : await make(ctx, admin);
  if (outcome === "made") ctx.log.info({ email: admin.email }, "The first admin was made.");
  if (outcome === "address taken") {
    ctx.log.warn(
      {},
      "The first admin was not made: the address in SHOP_ADMIN_EMAIL has an account that is not an admin's. Set another address, and start again.",
    );
  }
  if (outcome === "made before" && admin.isSet === true) {
    ctx.log.warn(
      {},
      "SHOP_ADMIN_EMAIL and SHOP_ADMIN_PASSWORD are still set, but the first admin was made before. They have no effect: remove them.",
    );
  }
}

async function wasMade(ctx: StartContextOf<typeof users>): Promise<boolean> {
  return (await ctx.db.query.firstAdmin.findFirst()) !== undefined;
}

async function make(ctx: StartContextOf<typeof users>, { email, password }: FirstAdmin): Promise<Outcome> {
  const passwordHash = await hashPassword(password);
  return ctx.transaction(async (tx) => {
    // A second process waits here until the first one has committed, and then inserts nothing.
    const noted = await tx.db.insert(tables.firstAdmin).values({}).onConflictDoNothing().returning({ id: tables.firstAdmin.id });
    // An admin without that row was made by an older version, which did not write it.
    if (noted.length === 0 || (await hasAdmin(tx))) return "made before";
    const made = await tx.db
      .insert(tables.users)
      .values({ email, name: "Administrator", role: "admin", passwordHash })
      .onConflictDoNothing()
      .returning({ id: tables.users.id });
    if (made.length > 0) return "made";
    // An older version may make an admin at this moment: the insert above has waited for its commit.
    if (await hasAdmin(tx)) return "made before";
    await tx.db.delete(tables.firstAdmin);
    return "address taken";
  });
}

async function hasAdmin(tx: TransactionOf<typeof users>): Promise<boolean> {
  const found = await tx.db.select({ id: tables.users.id }).from(tables.users).where(eq(tables.users.role, "admin")).limit(1);
  return found.length > 0;
}
