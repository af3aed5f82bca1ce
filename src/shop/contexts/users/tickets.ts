import { and, eq, gt, lt } from "drizzle-orm";
import type { TransactionOf, UserPrincipal } from "holon";
import { randomSecret, secretHash } from "../../identity/refresh-token.ts";
import type { users } from "./context.ts";
import { tickets } from "./tables.ts";

type Tx = TransactionOf<typeof users>;

/** How long a ticket is good. */
export const TICKET_TTL_MS = 30_000;

/** Makes a ticket for somebody signed in. */
export async function issueTicket(tx: Tx, { id, roles }: UserPrincipal, nowMs: number): Promise<{ ticket: string; expiresAt: string }> {
  await tx.db.delete(tickets).where(lt(tickets.expiresAt, new Date(nowMs)));
  const ticket = randomSecret();
  const expiresAt = new Date(nowMs + TICKET_TTL_MS);
  await tx.db.insert(tickets).values({ hash: secretHash(ticket), userId: id, roles: [...roles], expiresAt });
  return { ticket, expiresAt: expiresAt.toISOString() };
}

/** Whom a ticket stands for; it is used up. Shape: undefined where it is not good. Guarantee: of two who show it at once, one is answered. */
export async function redeemTicket(tx: Tx, ticket: string, nowMs: number): Promise<{ id: string; roles: string[] } | undefined> {
  const [used] = await tx.db
    .delete(tickets)
    .where(and(eq(tickets.hash, secretHash(ticket)), gt(tickets.expiresAt, new Date(nowMs))))
    .returning();
  return used === undefined ? undefined : { id: used.userId, roles: used.roles };
}
