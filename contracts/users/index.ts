import { contract, mutation, query, type RateLimit } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Email, Id, Moment, text, Version } from "../values.ts";

/** What somebody may do: `user` buys, `admin` also runs the shop. */
export const Role = z.enum(["user", "admin"]).meta({ id: "Role" });

/** What a user says of himself. */
const profile = {
  email: Email,
  name: text(100),
  company: text(100).nullable(),
  city: text(60).nullable(),
  country: text(60).nullable(),
};

/** Somebody with an account. */
export const User = z.object({ id: Id, ...profile, role: Role, version: Version, createdAt: Moment }).meta({ id: "User" });

export type User = z.output<typeof User>;

/**
 * A proof of who somebody is: send `token` as `authorization: Bearer <token>` until it expires. `refreshToken` is changed for the next session, once;
 * unused it is good until `refreshExpiresAt`.
 */
export const Session = z.object({ token: z.string(), expiresAt: Moment, refreshToken: z.string(), refreshExpiresAt: Moment, user: User });

export type Session = z.output<typeof Session>;

/** Who a ticket stands for. */
export const TicketHolder = z.object({ id: Id, roles: z.array(z.string()) });

/** A refresh token or a ticket as somebody sends it. */
const Secret = z.string().min(1).max(200);

/** A password as somebody chooses it; 8 to 128 characters. */
const NewPassword = z.string().min(8).max(128);

const QUARTER_HOUR_MS = 15 * 60_000;

/**
 * Failed tries to sign in: the sixth for one e-mail from one address, the fifty-first for one e-mail from anywhere, and the two hundred and first from
 * one address for any e-mail are refused. A success is not counted, and does not wipe out the failures of somebody else at the same address.
 */
const SIGN_IN_LIMITS: readonly RateLimit[] = [
  { limit: 5, windowMs: QUARTER_HOUR_MS, by: ["address", "input.email"], skipSuccessful: true },
  { limit: 50, windowMs: QUARTER_HOUR_MS, by: ["input.email"], skipSuccessful: true },
  { limit: 200, windowMs: QUARTER_HOUR_MS, by: ["address"], skipSuccessful: true },
];

/** Accounts that one address opens or tries to: each tells whether an e-mail has one, and costs a hash. */
const SIGN_UP_LIMITS: readonly RateLimit[] = [{ limit: 200, windowMs: QUARTER_HOUR_MS, by: ["address"] }];

/** The same as for signing in, for who is signed in and says his password again: a token that was stolen is no licence to guess. */
const PASSWORD_LIMITS: readonly RateLimit[] = [
  { limit: 5, windowMs: QUARTER_HOUR_MS, by: ["address", "user"], skipSuccessful: true },
  { limit: 50, windowMs: QUARTER_HOUR_MS, by: ["user"], skipSuccessful: true },
];

/** What the users context promises: accounts, and proofs of who somebody is. */
export const users = contract("users", {
  description: "Accounts, and proofs of who somebody is.",
  procedures: {
    signUp: mutation({
      access: "public",
      input: z.object({ email: Email, password: NewPassword, name: text(100) }),
      output: User,
      rateLimits: SIGN_UP_LIMITS,
      rest: "POST /users",
      description: "Opens an account. An e-mail that has one answers CONFLICT.",
      example: { input: { email: "ada@example.test", password: "correct horse", name: "Ada" } },
    }),
    signIn: mutation({
      access: "public",
      input: z.object({ email: Email, password: z.string().min(1).max(128) }),
      output: Session,
      rateLimits: SIGN_IN_LIMITS,
      rest: "POST /sessions",
      description: "Checks e-mail and password and opens a session. UNAUTHORIZED does not say which of the two was wrong.",
    }),
    refresh: mutation({
      access: "public",
      input: z.object({ refreshToken: Secret }),
      output: Session,
      rest: "POST /sessions/refresh",
      description:
        "Changes a refresh token for a new session. The token is used up by it; shown again within ten seconds it answers the same next one, later it ends the session for everybody who holds a token of it.",
    }),
    signOut: mutation({
      access: "public",
      input: z.object({ refreshToken: Secret }),
      rest: "POST /sessions/end",
      description: "Ends the session of a refresh token; one that is over already stays over. Its access token is good until it expires.",
    }),
    changePassword: mutation({
      access: "user",
      input: z.object({ id: Id, password: z.string().min(1).max(128), newPassword: NewPassword }),
      rateLimits: PASSWORD_LIMITS,
      rest: "PUT /users/{id}/password",
      description: "Replaces one's own password and ends all sessions that were opened with the old one. FORBIDDEN where that is wrong.",
    }),
    issueTicket: mutation({
      access: "user",
      output: z.object({ ticket: z.string(), expiresAt: Moment }),
      rest: "POST /tickets",
      description:
        "A proof of who somebody is that is good once, within half a minute: for a subscription of a browser's EventSource, which sends no headers. Send it as `connectionParams: { ticket }`.",
    }),
    redeemTicket: mutation({
      access: "public",
      input: z.object({ ticket: Secret }),
      output: TicketHolder,
      description: "Says whom a ticket stands for, and uses it up. UNAUTHORIZED for one that was used, is too old or was never issued.",
    }),
    get: query({
      access: "user",
      input: z.object({ id: Id }),
      output: User,
      rest: "GET /users/{id}",
      description: "One account; users see their own, admins all.",
    }),
    list: query({
      access: { role: "admin" },
      input: z.object({ search: text(100).optional(), role: Role.optional(), ...pageFields }),
      output: pageOf(User),
      rest: "GET /users",
      description: "Accounts by name, a page at a time; `search` looks in name, company and e-mail.",
    }),
    update: mutation({
      access: "user",
      input: z.object({ id: Id, version: Version, ...profile }),
      output: User,
      rest: "PUT /users/{id}",
      description: "Replaces all that a user says of himself.",
    }),
    patch: mutation({
      access: "user",
      input: z.object({ id: Id, version: Version, ...z.object(profile).partial().shape }),
      output: User,
      rest: "PATCH /users/{id}",
      description: "Replaces the fields that are named; null empties one.",
    }),
    remove: mutation({
      access: "user",
      input: z.object({ id: Id, version: Version }),
      rest: "DELETE /users/{id}",
      description: "Closes an account. Its orders stay.",
    }),
  },
});
