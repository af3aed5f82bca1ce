import { contract, mutation, query, type RateLimit } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Email, Id, Moment, text, Version } from "../values.ts";

/** The role of a user: `user` buys, `admin` also runs the shop. */
export const Role = z.enum(["user", "admin"]).meta({ id: "Role" });

/** The fields of an account that its user can edit. */
const profile = {
  email: Email,
  name: text(100),
  company: text(100).nullable(),
  city: text(60).nullable(),
  country: text(60).nullable(),
};

/** A person with an account. */
export const User = z.object({ id: Id, ...profile, role: Role, version: Version, createdAt: Moment }).meta({ id: "User" });

export type User = z.output<typeof User>;

/**
 * A proof of identity: send `token` as `authorization: Bearer <token>` until it expires. `refreshToken` can be exchanged once for the next session;
 * if it is not used, it is valid until `refreshExpiresAt`.
 */
export const Session = z.object({ token: z.string(), expiresAt: Moment, refreshToken: z.string(), refreshExpiresAt: Moment, user: User });

export type Session = z.output<typeof Session>;

/** The user whom a ticket was issued for. */
export const TicketHolder = z.object({ id: Id, roles: z.array(z.string()) });

/** A refresh token or a ticket, as a client sends it. */
const Secret = z.string().min(1).max(200);

/** A new password; 8 to 128 characters. */
const NewPassword = z.string().min(8).max(128);

const QUARTER_HOUR_MS = 15 * 60_000;

/**
 * Limits on failed sign-ins in a quarter of an hour: 5 for one e-mail from one network address, 50 for one e-mail from all network addresses, and 200 from one
 * network address for all e-mails. Further tries are refused. A success is not counted, and does not reset the failures of other people at the same network
 * address.
 */
const SIGN_IN_LIMITS: readonly RateLimit[] = [
  { limit: 5, windowMs: QUARTER_HOUR_MS, by: ["address", "input.email"], skipSuccessful: true },
  { limit: 50, windowMs: QUARTER_HOUR_MS, by: ["input.email"], skipSuccessful: true },
  { limit: 200, windowMs: QUARTER_HOUR_MS, by: ["address"], skipSuccessful: true },
];

/** Limit on tries to open an account from one network address. Each try shows whether an e-mail has an account, and costs a hash. */
const SIGN_UP_LIMITS: readonly RateLimit[] = [{ limit: 200, windowMs: QUARTER_HOUR_MS, by: ["address"] }];

/** Limits on failed tries of a signed-in user who enters the password again. A stolen token must not allow its holder to guess the password. */
const PASSWORD_LIMITS: readonly RateLimit[] = [
  { limit: 5, windowMs: QUARTER_HOUR_MS, by: ["address", "user"], skipSuccessful: true },
  { limit: 50, windowMs: QUARTER_HOUR_MS, by: ["user"], skipSuccessful: true },
];

/** The contract of the users context: accounts, and proofs of identity. */
export const users = contract("users", {
  description: "Accounts, and proofs of identity.",
  procedures: {
    signUp: mutation({
      access: "public",
      input: z.object({ email: Email, password: NewPassword, name: text(100) }),
      output: User,
      rateLimits: SIGN_UP_LIMITS,
      rest: "POST /users",
      description: "Opens an account. If the e-mail has an account already, the answer is CONFLICT.",
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
        "Exchanges a refresh token for a new session. A token can be exchanged once. If it is sent again within ten seconds, the answer has the same next token. If it is sent again later, the session ends for all holders of its tokens.",
    }),
    signOut: mutation({
      access: "public",
      input: z.object({ refreshToken: Secret }),
      rest: "POST /sessions/end",
      description:
        "Ends the session of a refresh token; if the session has ended already, nothing happens. Its access token is valid until it expires.",
    }),
    changePassword: mutation({
      access: "user",
      input: z.object({ id: Id, password: z.string().min(1).max(128), newPassword: NewPassword }),
      rateLimits: PASSWORD_LIMITS,
      rest: "PUT /users/{id}/password",
      description:
        "Replaces the caller's own password and ends all sessions that were opened with the old one. FORBIDDEN if the old password is wrong.",
    }),
    issueTicket: mutation({
      access: "user",
      output: z.object({ ticket: z.string(), expiresAt: Moment }),
      rest: "POST /tickets",
      description:
        "Issues a ticket, a proof of identity that is valid once, within half a minute. It is for a subscription by a browser's EventSource, which sends no headers. Send it as `connectionParams: { ticket }`.",
    }),
    redeemTicket: mutation({
      access: "public",
      input: z.object({ ticket: Secret }),
      output: TicketHolder,
      description:
        "Returns the user whom a ticket was issued for, and uses the ticket up. UNAUTHORIZED if the ticket was used, is too old or was never issued.",
    }),
    get: query({
      access: "user",
      input: z.object({ id: Id }),
      output: User,
      rest: "GET /users/{id}",
      description: "One account. Users see their own account, and admins see all accounts.",
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
      description: "Replaces all fields of an account that its user can edit.",
    }),
    patch: mutation({
      access: "user",
      input: z.object({ id: Id, version: Version, ...z.object(profile).partial().shape }),
      output: User,
      rest: "PATCH /users/{id}",
      description: "Replaces the fields that are given; null empties a field.",
    }),
    remove: mutation({
      access: "user",
      input: z.object({ id: Id, version: Version }),
      rest: "DELETE /users/{id}",
      description: "Closes an account. Its orders stay.",
    }),
  },
});
