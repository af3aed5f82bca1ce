import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Session, User } from "#contracts/users";
import { refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";
import { GRACE_MS, GREATEST_SESSION_COUNT, REFRESH_TTL_MS, SESSION_TTL_MS } from "./sessions.ts";

const PASSWORD = "correct horse battery";

/** Creates an account, with the calls that its owner makes. */
const accountOf = async (shop: TestShop) => {
  const anybody = () => shop.asAnonymous().call.users;
  const user: User = await anybody().signUp({ email: `${randomUUID()}@example.test`, password: PASSWORD, name: "Ada" });
  return {
    user,
    signIn: (): Promise<Session> => anybody().signIn({ email: user.email, password: PASSWORD }),
    refresh: ({ refreshToken }: Session): Promise<Session> => anybody().refresh({ refreshToken }),
    signOut: ({ refreshToken }: Session): Promise<void> => anybody().signOut({ refreshToken }),
  };
};

type Account = Awaited<ReturnType<typeof accountOf>>;

const OVER = { code: "UNAUTHORIZED", details: undefined };

describe.each(TOPOLOGIES)("a session, %s", (topology) => {
  let shop: TestShop;
  let account: Account;
  beforeAll(async () => {
    shop = await startTestShop(topology);
    account = await accountOf(shop);
  });
  afterAll(() => shop.close());

  test("goes on from token to token, each used once", async () => {
    const { signIn, refresh, user } = account;
    const first = await signIn();
    const second = await refresh(first);
    const third = await refresh(second);
    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect(await shop.tokens.verify(third.token)).toEqual({ kind: "user", id: user.id, roles: ["user"] });
    expect(third.user).toEqual(user);
  });

  test("has one next token for five refreshes at once with the same token", async () => {
    const { signIn, refresh } = account;
    const first = await signIn();
    const nexts = await Promise.all(Array.from({ length: 5 }, () => refresh(first)));
    expect(new Set(nexts.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    expect(await refusalOf(refresh(nexts[0] as Session))).toMatchObject({ code: "OK" });
  });

  test("ends if a used token comes again after the grace, also for the holder of the next token", async () => {
    const { signIn, refresh } = account;
    const stolen = await signIn();
    const next = await refresh(stolen);
    shop.passTime(GRACE_MS);
    expect(await refusalOf(refresh(stolen))).toEqual(OVER);
    expect(await refusalOf(refresh(next))).toEqual(OVER);
  });

  test("ends if a used token comes again after the next one was used", async () => {
    const { signIn, refresh } = account;
    const stolen = await signIn();
    const newest = await refresh(await refresh(stolen));
    expect(await refusalOf(refresh(stolen))).toEqual(OVER);
    expect(await refusalOf(refresh(newest))).toEqual(OVER);
  });

  test("ends at its sign-out, and another one of the same account goes on", async () => {
    const { signIn, refresh, signOut } = account;
    const [here, there] = [await signIn(), await signIn()];
    await signOut(here);
    expect(await refusalOf(refresh(here))).toEqual(OVER);
    expect(await refusalOf(refresh(there))).toMatchObject({ code: "OK" });
  });

  test("ends also at a sign-out with an older token of it, and a second sign-out is not an error", async () => {
    const { signIn, refresh, signOut } = account;
    const old = await signIn();
    const next = await refresh(old);
    await signOut(old);
    await signOut(next);
    expect(await refusalOf(refresh(next))).toEqual(OVER);
  });

  test("ends if it was not used for a week, and after a month in any case", async () => {
    const { signIn, refresh } = account;
    const unused = await signIn();
    let used = await signIn();
    expect(Date.parse(used.refreshExpiresAt) - Date.parse(used.expiresAt)).toBeGreaterThan(REFRESH_TTL_MS - 24 * 3_600_000);
    for (let ageMs = 0; ageMs < SESSION_TTL_MS - REFRESH_TTL_MS; ageMs += REFRESH_TTL_MS - 60_000) {
      shop.passTime(REFRESH_TTL_MS - 60_000);
      used = await refresh(used);
    }
    expect(await refusalOf(refresh(unused))).toEqual(OVER);
    shop.passTime(REFRESH_TTL_MS - 60_000);
    expect(await refusalOf(refresh(used))).toEqual(OVER);
  });

  test("is refused for an invalid token", async () => {
    const users = shop.asAnonymous().call.users;
    expect(await refusalOf(users.refresh({ refreshToken: "nonsense" }))).toEqual(OVER);
    expect(await refusalOf(users.refresh({ refreshToken: `${randomUUID()}.${"A".repeat(43)}` }))).toEqual(OVER);
    expect(await refusalOf(users.refresh({ refreshToken: "" }))).toMatchObject({ code: "BAD_REQUEST" });
  });

  describe("of an account", () => {
    test("ends when the password is changed, which only the owner can do with the old password", async () => {
      const { user, signIn, refresh } = await accountOf(shop);
      const sessions = [await signIn(), await signIn()];
      const change = { id: user.id, password: PASSWORD, newPassword: "another horse battery" };
      expect(await refusalOf(shop.admin.call.users.changePassword(change))).toMatchObject({ code: "NOT_FOUND" });
      const self = shop.asUser(user.id, "user").call.users;
      expect(await refusalOf(self.changePassword({ ...change, password: "wrong" }))).toMatchObject({ code: "FORBIDDEN" });
      await self.changePassword(change);
      for (const session of sessions) expect(await refusalOf(refresh(session))).toEqual(OVER);
      expect(await refusalOf(signIn())).toMatchObject({ code: "UNAUTHORIZED" });
      expect((await shop.asAnonymous().call.users.signIn({ email: user.email, password: change.newPassword })).user.id).toBe(user.id);
    });

    test("allows one of two changes of the password at once: the other knows only the old password", async () => {
      const { user } = await accountOf(shop);
      const change = (newPassword: string) =>
        refusalOf(shop.asUser(user.id, "user").call.users.changePassword({ id: user.id, password: PASSWORD, newPassword }));
      const answers = await Promise.all([change("a battery of one"), change("a battery of two")]);
      expect(answers.map(({ code }) => code).sort()).toEqual(["FORBIDDEN", "OK"]);
    });

    test("ends when the account is closed", async () => {
      const { user, signIn, refresh } = await accountOf(shop);
      const session = await signIn();
      await shop.asUser(user.id, "user").call.users.remove({ id: user.id, version: user.version });
      expect(await refusalOf(refresh(session))).toEqual(OVER);
    });
  });
});

describe("sessions in the database", () => {
  let shop: TestShop;
  let account: Account;
  let sql: postgres.Sql;
  beforeAll(async () => {
    shop = await startTestShop("together");
    account = await accountOf(shop);
    sql = postgres(shop.databaseUrl, { max: 1 });
  });
  afterAll(async () => {
    await sql.end();
    await shop.close();
  });

  const rows = () => sql<{ id: string; token_hash: string }[]>`select * from users.sessions where user_id = ${account.user.id}`;

  test("are stored as hashes, without their tokens", async () => {
    const first = await account.signIn();
    const second = await account.refresh(first);
    const kept = JSON.stringify(await rows());
    for (const { refreshToken } of [first, second]) expect(kept).not.toContain(refreshToken.split(".")[1]);
  });

  test("are at most as many as an account may have, the newest ones, and none that is over", async () => {
    const day = 24 * 3_600_000;
    const insert = (count: number, fromMs: number, toMs: number) => sql`
      insert into users.sessions (id, user_id, token_hash, rotated_at, created_at, expires_at)
      select gen_random_uuid(), ${account.user.id}, '', to_timestamp(${fromMs / 1_000}) + n * interval '1 ms', now(), to_timestamp(${toMs / 1_000})
      from generate_series(1, ${count}) as n`;
    await insert(GREATEST_SESSION_COUNT + 5, Date.now() - day, Date.now() + day);
    await insert(2, Date.now(), Date.now() - 1_000);
    const newest = await account.signIn();
    const kept = (await rows()).map(({ id }) => id);
    expect(kept).toContain(newest.refreshToken.split(".")[0]);
    expect(kept.length).toBeLessThanOrEqual(GREATEST_SESSION_COUNT);
    expect(await refusalOf(account.refresh(newest))).toMatchObject({ code: "OK" });
  });

  test("of accounts that never come back are removed when others sign in, more of them than are opened", async () => {
    const gone = await accountOf(shop);
    await sql`insert into users.sessions (id, user_id, token_hash, rotated_at, created_at, expires_at)
      select gen_random_uuid(), ${gone.user.id}, '', now(), now(), now() - interval '1 day' from generate_series(1, 25)`;
    const left = async () => (await sql`select 1 from users.sessions where user_id = ${gone.user.id}`).length;
    const [session] = await sql<{ id: string }[]>`select id from users.sessions where user_id = ${gone.user.id} limit 1`;
    await sql.begin(async (tx) => {
      // A session that is refreshed at this moment is locked; the removal of old sessions must not wait for it.
      await tx`select 1 from users.sessions where id = ${session?.id ?? ""} for update`;
      for (let time = 0; time < 3; time++) await account.signIn();
    });
    expect(await left()).toBeLessThanOrEqual(1);
    await account.signIn();
    expect(await left()).toBe(0);
  });

  test("are not opened by a password that is being replaced", async () => {
    const { user, signIn } = await accountOf(shop);
    const signingIn = await sql.begin(async (tx) => {
      await tx`update users.users set password_hash = 'another' where id = ${user.id}`;
      const attempt = refusalOf(signIn());
      const waiting = () => tx`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      await shop.until(async () => (await waiting()).length > 0);
      return { attempt };
    });
    expect(await signingIn.attempt).toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("have one next token even if two processes refresh the same token at once", async () => {
    const other = await startTestShop("together", { databaseUrl: shop.databaseUrl });
    try {
      let current = await account.signIn();
      for (let round = 0; round < 10; round++) {
        const [here, there] = await Promise.all([account.refresh(current), other.asAnonymous().call.users.refresh(current)]);
        expect(there?.refreshToken).toBe(here?.refreshToken);
        current = here as Session;
      }
    } finally {
      await other.close();
    }
  });
});
