import { and, eq, sql } from "drizzle-orm";
import type { ContextOf, ReaderOf, TransactionOf } from "holon";
import type { User } from "#contracts/users";
import { staleRow } from "../../stale-row.ts";
import type { users } from "./context.ts";
import { endSessions } from "./sessions.ts";
import * as tables from "./tables.ts";

type Profile = Partial<Pick<tables.UserRow, "email" | "name" | "company" | "city" | "country">>;

/** Converts a row to the contract's form, without the hash of the password. */
export function toUser({ passwordHash: _, createdAt, ...user }: tables.UserRow): User {
  return { ...user, createdAt: createdAt.toISOString() };
}

/** The account with an id. */
export async function accountById(ctx: ReaderOf<typeof users>, id: string): Promise<tables.UserRow | undefined> {
  const query = ctx.prepared("userById", (db) => db.query.users.findFirst({ where: eq(tables.users.id, sql.placeholder("id")) }));
  return query.execute({ id });
}

/** The account with an e-mail address. */
export async function accountByEmail(ctx: ReaderOf<typeof users>, email: string): Promise<tables.UserRow | undefined> {
  const query = ctx.prepared("userByEmail", (db) => db.query.users.findFirst({ where: eq(tables.users.email, sql.placeholder("email")) }));
  return query.execute({ email });
}

/** Edits an account if `version` is its current version. Errors: NOT_FOUND; CONFLICT for another version or an e-mail that is taken. */
export function editAccount(ctx: ContextOf<typeof users>, id: string, version: number, changes: Profile): Promise<User> {
  return ctx.transaction(async (tx) => {
    const [row] = await tx.db
      .update(tables.users)
      .set({ ...changes, version: version + 1 })
      .where(and(eq(tables.users.id, id), eq(tables.users.version, version)))
      .returning();
    if (row === undefined) throw staleRow("user", await currentVersion(tx, id));
    return toUser(row);
  });
}

/**
 * Sets another password, and signs the account out everywhere.
 *
 * Shape: false if the account is gone, or if its password has changed since `account` was read. So of two changes at once only one succeeds.
 */
export async function replacePassword(tx: TransactionOf<typeof users>, account: tables.UserRow, passwordHash: string): Promise<boolean> {
  const unchanged = and(eq(tables.users.id, account.id), eq(tables.users.passwordHash, account.passwordHash ?? ""));
  // The account is written before its sessions: a session that is being opened at the same time waits for the account's row, and then finds
  // another password.
  const replaced = await tx.db.update(tables.users).set({ passwordHash }).where(unchanged).returning({ id: tables.users.id });
  if (replaced.length === 0) return false;
  await endSessions(tx, account.id);
  return true;
}

/** Closes an account if `version` is its current version. Errors: NOT_FOUND, CONFLICT. */
export function removeAccount(ctx: ContextOf<typeof users>, id: string, version: number): Promise<void> {
  return ctx.transaction(async (tx) => {
    const removed = await tx.db
      .delete(tables.users)
      .where(and(eq(tables.users.id, id), eq(tables.users.version, version)))
      .returning({ id: tables.users.id });
    if (removed.length === 0) throw staleRow("user", await currentVersion(tx, id));
  });
}

async function currentVersion(tx: TransactionOf<typeof users>, id: string): Promise<{ version: number } | undefined> {
  const [row] = await tx.db.select({ version: tables.users.version }).from(tables.users).where(eq(tables.users.id, id));
  return row;
}
