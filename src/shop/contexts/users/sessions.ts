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

/** How long a refresh token is good while nobody uses it. */
export const REFRESH_TTL_MS = 7 * 24 * 3_600_000;

/** How long a session may go on, however often it is refreshed. */
export const SESSION_TTL_MS = 30 * 24 * 3_600_000;

/** How long after its use a token is still answered, with the same next one: a browser sends twice what it got no answer to. */
export const GRACE_MS = 10_000;

/** Sessions that an account has at once; the one that was used longest ago ends first. */
export const GREATEST_SESSION_COUNT = 20;

/** What is handed out of a session. */
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
 * Shape: undefined where the account is gone or its password is not any more the one that was shown: a change of password ends what is being opened too.
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
 * Changes a refresh token for the next one of its line.
 *
 *     good now ──shown──▶ used ──shown within the grace, its successor unused──▶ (the same successor)
 *                          └────shown otherwise──▶ the session ends
 *
 * Shape: undefined where the token is not good; whoever held a later one is signed out then as well, for nobody can tell which of the two is the thief.
 * Guarantee: however many processes are shown one token at once, it has one successor. The row of the session is locked meanwhile.
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

/** Ends the session of a token, be it the newest or an old one of its line. */
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

/** Sessions of anybody that are removed when one is opened. More than one: so those of accounts that never come back go too, and the table does not grow. */
const FORGOTTEN_COUNT = 10;

/** Takes away what has expired, of this account and some of others, and what is too much. */
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
