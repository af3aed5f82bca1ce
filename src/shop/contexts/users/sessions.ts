import { and, desc, eq, inArray, lt, notInArray, or } from "drizzle-orm";
import type { TransactionOf } from "holon";
import {
  isHashOf,
  newRefreshToken,
  parseRefreshToken,
  type RefreshToken,
  randomSecret,
  refreshTokenText,
  secretHash,
  successorOf,
} from "../../identity/refresh-token.ts";
import type { users } from "./context.ts";
import * as tables from "./tables.ts";

type Tx = TransactionOf<typeof users>;

/** How long an unused refresh token is valid. */
export const REFRESH_TTL_MS = 7 * 24 * 3_600_000;

/** How long a session may last, however often it is refreshed. */
export const SESSION_TTL_MS = 30 * 24 * 3_600_000;

/** How long a used token still gets the same successor. A browser repeats a request to which it got no answer, and then sends a used token. */
export const GRACE_MS = 10_000;

/** The most sessions that an account has at once. If there are more, the least recently used session ends. */
export const GREATEST_SESSION_COUNT = 20;

/** The parts of a session that the client gets. */
export interface RefreshProof {
  readonly refreshToken: string;
  readonly refreshExpiresAt: Date;
}

/** An account whose session was refreshed. */
export interface Refreshed extends RefreshProof {
  readonly account: tables.UserRow;
}

/**
 * Opens a session of an account.
 *
 * Shape: undefined if the account is gone, or if its password has changed since `account` was read. So a change of password also ends a session
 * that is being opened.
 */
export async function openSession(tx: Tx, account: tables.UserRow, nowMs: number): Promise<RefreshProof | undefined> {
  const { id: userId, passwordHash } = account;
  const unchanged = and(eq(tables.users.id, userId), eq(tables.users.passwordHash, passwordHash ?? ""));
  const [found] = await tx.db.select({ id: tables.users.id }).from(tables.users).where(unchanged).for("share");
  if (found === undefined) return undefined;
  const token = newRefreshToken();
  const now = new Date(nowMs);
  const expiresAt = endOf(now, nowMs);
  await tx.db
    .insert(tables.sessions)
    .values({ id: token.sessionId, userId, tokenHash: secretHash(token.secret), rotatedAt: now, createdAt: now, expiresAt });
  await forgetOld(tx, userId, now);
  return { refreshToken: refreshTokenText(token), refreshExpiresAt: expiresAt };
}

/**
 * Exchanges a refresh token for its successor.
 *
 *     valid ──used──▶ used ──used again within the grace period, successor unused──▶ (the same successor)
 *                      └────used again otherwise──▶ the session ends
 *
 * Shape: undefined if the token is not valid. Then the session that the token names ends, also for the holder of a later token: if an old token comes again,
 * the server cannot know which of the two holders stole it. Guarantee: a token has one successor, however many processes get it at once, because the row of the
 * session is locked during the exchange.
 */
export async function refreshSession(tx: Tx, text: string, nowMs: number): Promise<Refreshed | undefined> {
  const shown = parseRefreshToken(text);
  if (shown === undefined) return undefined;
  const [session] = await tx.db.select().from(tables.sessions).where(eq(tables.sessions.id, shown.sessionId)).for("update");
  if (session === undefined) return undefined;
  const proof = session.expiresAt.getTime() <= nowMs ? undefined : await nextToken(tx, session, shown, nowMs);
  if (proof === undefined) {
    await tx.db.delete(tables.sessions).where(eq(tables.sessions.id, session.id));
    return undefined;
  }
  const [account] = await tx.db.select().from(tables.users).where(eq(tables.users.id, session.userId));
  return account === undefined ? undefined : { ...proof, account };
}

/** Ends the session of a token, whether the token is the newest or an old one. */
export async function endSession(tx: Tx, text: string): Promise<void> {
  const shown = parseRefreshToken(text);
  if (shown !== undefined) await tx.db.delete(tables.sessions).where(eq(tables.sessions.id, shown.sessionId));
}

/** Ends all sessions of an account. */
export async function endSessions(tx: Tx, userId: string): Promise<void> {
  await tx.db.delete(tables.sessions).where(eq(tables.sessions.userId, userId));
}

async function nextToken(tx: Tx, session: tables.SessionRow, { sessionId, secret }: RefreshToken, nowMs: number): Promise<RefreshProof | undefined> {
  if (isHashOf(session.tokenHash, secret)) {
    const successorKey = randomSecret();
    const next = successorOf(secret, successorKey);
    const expiresAt = endOf(session.createdAt, nowMs);
    const rotated = { tokenHash: secretHash(next), previousHash: session.tokenHash, successorKey, rotatedAt: new Date(nowMs), expiresAt };
    await tx.db.update(tables.sessions).set(rotated).where(eq(tables.sessions.id, sessionId));
    return { refreshToken: refreshTokenText({ sessionId, secret: next }), refreshExpiresAt: expiresAt };
  }
  const { previousHash, successorKey, rotatedAt, expiresAt } = session;
  const inGrace = isHashOf(previousHash, secret) && nowMs - rotatedAt.getTime() < GRACE_MS;
  if (!inGrace || successorKey === null) return undefined;
  return { refreshToken: refreshTokenText({ sessionId, secret: successorOf(secret, successorKey) }), refreshExpiresAt: expiresAt };
}

/**
 * How many expired sessions of other accounts are removed when one session is opened. The number is above one, so that the table does not grow if
 * accounts are never used again.
 */
const FORGOTTEN_COUNT = 10;

/** Removes expired sessions, of this account and some of other accounts, and the sessions of this account above the limit. */
async function forgetOld(tx: Tx, userId: string, now: Date): Promise<void> {
  const { sessions } = tables;
  const kept = tx.db
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .orderBy(desc(sessions.rotatedAt), desc(sessions.id))
    .limit(GREATEST_SESSION_COUNT);
  await tx.db.delete(sessions).where(and(eq(sessions.userId, userId), or(lt(sessions.expiresAt, now), notInArray(sessions.id, kept))));
  const over = tx.db
    .select({ id: sessions.id })
    .from(sessions)
    .where(lt(sessions.expiresAt, now))
    .orderBy(sessions.expiresAt)
    .limit(FORGOTTEN_COUNT)
    .for("update", { skipLocked: true });
  await tx.db.delete(sessions).where(inArray(sessions.id, over));
}

function endOf(createdAt: Date, nowMs: number): Date {
  return new Date(Math.min(nowMs + REFRESH_TTL_MS, createdAt.getTime() + SESSION_TTL_MS));
}
