import { and, eq, gt, lt } from "drizzle-orm";
import type { TransactionOf, UserPrincipal } from "holon";
import { randomSecret, secretHash } from "../../identity/refresh-token.ts";
import type { users } from "./context.ts";
import { tickets } from "./tables.ts";

type Tx = TransactionOf<typeof users>;

/** How long a ticket is valid. */
export const TICKET_TTL_MS = 30_000;

/** Issues a ticket for a signed-in user. */
export async function issueTicket(tx: Tx, { id, roles }: UserPrincipal, nowMs: number): Promise<{ ticket: string; expiresAt: string }> {
  await tx.db.delete(tickets).where(lt(tickets.expiresAt, new Date(nowMs)));
  const ticket = randomSecret();
  const expiresAt = new Date(nowMs + TICKET_TTL_MS);
  await tx.db.insert(tickets).values({ hash: secretHash(ticket), userId: id, roles: [...roles], expiresAt });
  return { ticket, expiresAt: expiresAt.toISOString() };
}

/** Redeems a ticket and removes it. Shape: its user; undefined if it is not valid. Guarantee: if two requests use it at once, one succeeds. */
export async function redeemTicket(tx: Tx, ticket: string, nowMs: number): Promise<{ id: string; roles: string[] } | undefined> {
  const [used] = await tx.db
    .delete(tickets)
    .where(and(eq(tickets.hash, secretHash(ticket)), gt(tickets.expiresAt, new Date(nowMs))))
    .returning();
  return used === undefined ? undefined : { id: used.userId, roles: used.roles };
}
