import { and, asc, eq, ilike, or } from "drizzle-orm";
import type { Session } from "#contracts/users";
import { hashPassword, isPassword } from "../../identity/password.ts";
import type { Tokens } from "../../identity/tokens.ts";
import { containing } from "../../like-pattern.ts";
import { accountByEmail, accountById, editAccount, removeAccount, replacePassword, toUser } from "./accounts.ts";
import { users } from "./context.ts";
import { endSession, openSession, type RefreshProof, refreshSession } from "./sessions.ts";
import * as tables from "./tables.ts";
import { issueTicket, redeemTicket } from "./tickets.ts";

/** The dependencies of the handlers. */
export interface ProcedureParts {
  readonly tokens: Tokens;
  readonly nowMs: () => number;
}

/** The handlers of the users contract. */
export const createProcedures = ({ tokens, nowMs }: ProcedureParts) => {
  const toSession = async (account: tables.UserRow, { refreshToken, refreshExpiresAt }: RefreshProof): Promise<Session> => {
    const { token, expiresAt } = await tokens.issue({ kind: "user", id: account.id, roles: [account.role] });
    return { token, expiresAt: expiresAt.toISOString(), refreshToken, refreshExpiresAt: refreshExpiresAt.toISOString(), user: toUser(account) };
  };

  return users.procedures({
    async signUp({ input, ctx }) {
      const { email, password, name } = input;
      const passwordHash = await hashPassword(password);
      return ctx.transaction(async (tx) => {
        const [row] = await tx.db.insert(tables.users).values({ email, name, passwordHash }).returning();
        return toUser(row as tables.UserRow);
      });
    },

    async signIn({ input, ctx }) {
      const account = await accountByEmail(ctx, input.email);
      const good = await isPassword(input.password, account?.passwordHash);
      if (account === undefined || !good) throw ctx.fail("UNAUTHORIZED", "E-mail or password is wrong.");
      const proof = await ctx.transaction((tx) => openSession(tx, account, nowMs()));
      if (proof === undefined) throw ctx.fail("UNAUTHORIZED", "E-mail or password is wrong.");
      return toSession(account, proof);
    },

    async refresh({ input, ctx }) {
      const refreshed = await ctx.transaction((tx) => refreshSession(tx, input.refreshToken, nowMs()));
      if (refreshed === undefined) throw ctx.fail("UNAUTHORIZED", "The session is over.");
      return toSession(refreshed.account, refreshed);
    },

    async signOut({ input, ctx }) {
      await ctx.transaction((tx) => endSession(tx, input.refreshToken));
    },

    async changePassword({ input: { id, password, newPassword }, ctx }) {
      const account = await accountById(ctx, id);
      const good = await isPassword(password, account?.passwordHash);
      if (account === undefined || !good) throw ctx.fail("FORBIDDEN", "The password is wrong.");
      const passwordHash = await hashPassword(newPassword);
      const replaced = await ctx.transaction((tx) => replacePassword(tx, account, passwordHash));
      if (!replaced) throw ctx.fail("FORBIDDEN", "The password is wrong.");
    },

    issueTicket: ({ ctx }) => ctx.transaction((tx) => issueTicket(tx, ctx.requireUser(), nowMs())),

    async redeemTicket({ input, ctx }) {
      const holder = await ctx.transaction((tx) => redeemTicket(tx, input.ticket, nowMs()));
      if (holder === undefined) throw ctx.fail("UNAUTHORIZED", "The ticket is not valid or has expired.");
      return holder;
    },

    async get({ input, ctx }) {
      const account = await accountById(ctx, input.id);
      if (account === undefined) throw ctx.fail("NOT_FOUND", "There is no such user.");
      return toUser(account);
    },

    async list({ input, ctx }) {
      const { search, role, page, limit } = input;
      const pattern = search === undefined ? undefined : containing(search);
      const where = and(
        role === undefined ? undefined : eq(tables.users.role, role),
        pattern === undefined
          ? undefined
          : or(ilike(tables.users.name, pattern), ilike(tables.users.company, pattern), ilike(tables.users.email, pattern)),
      );
      const [rows, total] = await Promise.all([
        ctx.db.query.users.findMany({ where, orderBy: [asc(tables.users.name), asc(tables.users.id)], limit, offset: (page - 1) * limit }),
        ctx.db.$count(tables.users, where),
      ]);
      return { items: rows.map(toUser), page, limit, total };
    },

    async update({ input, ctx }) {
      const { id, version, ...profile } = input;
      return editAccount(ctx, id, version, profile);
    },

    async patch({ input, ctx }) {
      const { id, version, ...changes } = input;
      return editAccount(ctx, id, version, changes);
    },

    async remove({ input, ctx }) {
      await removeAccount(ctx, input.id, input.version);
    },
  });
};
