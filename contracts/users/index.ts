import { contract, mutation, query } from "holon/contract";
import { z } from "zod";
import { pageFields, pageOf } from "../page.ts";
import { Email, Moment, text, Version } from "../values.ts";

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
export const User = z.object({ id: z.uuid(), ...profile, role: Role, version: Version, createdAt: Moment }).meta({ id: "User" });

export type User = z.output<typeof User>;

/** A proof of who somebody is: send it as `authorization: Bearer <token>` until it expires. */
export const Session = z.object({ token: z.string(), expiresAt: Moment, user: User });

/** A password as somebody chooses it; 8 to 128 characters. */
const NewPassword = z.string().min(8).max(128);

/** What the users context promises: accounts, and proofs of who somebody is. */
export const users = contract("users", {
  description: "Accounts, and proofs of who somebody is.",
  procedures: {
    signUp: mutation({
      access: "public",
      input: z.object({ email: Email, password: NewPassword, name: text(100) }),
      output: User,
      rest: "POST /users",
      description: "Opens an account. An e-mail that has one answers CONFLICT.",
      example: { input: { email: "ada@example.test", password: "correct horse", name: "Ada" } },
    }),
    signIn: mutation({
      access: "public",
      input: z.object({ email: Email, password: z.string().min(1).max(128) }),
      output: Session,
      rest: "POST /sessions",
      description: "Checks e-mail and password and answers a token. UNAUTHORIZED does not say which of the two was wrong.",
    }),
    get: query({
      access: "user",
      input: z.object({ id: z.uuid() }),
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
      input: z.object({ id: z.uuid(), version: Version, ...profile }),
      output: User,
      rest: "PUT /users/{id}",
      description: "Replaces all that a user says of himself.",
    }),
    patch: mutation({
      access: "user",
      input: z.object({ id: z.uuid(), version: Version, ...z.object(profile).partial().shape }),
      output: User,
      rest: "PATCH /users/{id}",
      description: "Replaces the fields that are named; null empties one.",
    }),
    remove: mutation({
      access: "user",
      input: z.object({ id: z.uuid(), version: Version }),
      rest: "DELETE /users/{id}",
      description: "Closes an account. Its orders stay.",
    }),
  },
});
