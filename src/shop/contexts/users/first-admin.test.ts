import { randomUUID } from "node:crypto";
import type { Logger } from "holon";
import { createTestDatabase } from "holon/testing";
import postgres, { type Sql } from "postgres";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FIRST_ADMIN, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";
import type { FirstAdmin } from "./first-admin.ts";

const SET: FirstAdmin = { ...FIRST_ADMIN, isSet: true };
const OTHER: FirstAdmin = { email: "second@example.test", password: "another password", isSet: true };
const STILL_SET = "SHOP_ADMIN_EMAIL and SHOP_ADMIN_PASSWORD are still set, but the first admin was made before. They have no effect: remove them.";
const TAKEN =
  "The first admin was not made: the address in SHOP_ADMIN_EMAIL has an account that is not an admin's. Set another address, and start again.";
const NOBODY = { code: "UNAUTHORIZED", details: undefined };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let sql: Sql;
let started: TestShop[];
let warnings: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  started = [];
  warnings = [];
});

afterEach(async () => {
  await stop();
  await sql.end({ timeout: 1 });
  await database.drop();
});

const nothing = (): void => {};
const log: Logger = {
  ...{ debug: nothing, info: nothing, error: nothing },
  warn: (_: object, message: string) => void warnings.push(message),
  child: () => log,
};

async function start(firstAdmin: FirstAdmin | undefined = SET): Promise<TestShop> {
  const shop = await startTestShop("together", { databaseUrl: database.url, firstAdmin, log });
  started.push(shop);
  return shop;
}

async function stop(): Promise<void> {
  await Promise.all(started.splice(0).map((shop) => shop.close()));
}

/** A shop with its tables that never had an admin. */
async function asBeforeTheFirstAdmin(): Promise<void> {
  await start();
  await stop();
  await sql`truncate users.first_admin`;
  await sql`delete from users.users where role = 'admin'`;
}

/** Waits until two transactions wait for a lock: the lock of the test, or each other's. */
async function bothWait(): Promise<void> {
  for (;;) {
    const waiting = await sql`select 1 from pg_stat_activity where datname = current_database()
      and wait_event_type = 'Lock' and query ~* '^insert into "?users"?\\.'`;
    if (waiting.length >= 2) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const signIn = (shop: TestShop, { email, password }: FirstAdmin = SET) => shop.asAnonymous().call.users.signIn({ email, password });
const admins = () => sql<{ email: string }[]>`select email from users.users where role = 'admin' order by email`;
const ofAdmins = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.includes("first admin"));

describe("the first admin", () => {
  test("exists after the start of the shop, and can sign in", async () => {
    const shop = await start();
    expect(await admins()).toEqual([{ email: SET.email }]);
    expect((await signIn(shop)).user.role).toBe("admin");
    expect(ofAdmins(warnings)).toEqual([]);
  });

  test("is not made again after it was renamed, by no call and no start", async () => {
    const shop = await start();
    const { id, version } = (await signIn(shop)).user;
    await shop.asUser(id, "admin").call.users.patch({ id, version, email: "renamed@example.test" });
    await expectNoSecond(shop);
    await stop();
    await expectNoSecond(await start());
    expect(await admins()).toEqual([{ email: "renamed@example.test" }]);
  });

  test("is not made again after it was removed, by no call and no start", async () => {
    const shop = await start();
    const { id, version } = (await signIn(shop)).user;
    await shop.asUser(id, "admin").call.users.remove({ id, version });
    await expectNoSecond(shop);
    await stop();
    await expectNoSecond(await start());
    expect(await admins()).toEqual([]);
  });

  test("is not made again under another address", async () => {
    await start();
    await stop();
    const shop = await start(OTHER);
    expect(await refusalOf(signIn(shop, OTHER))).toEqual(NOBODY);
    expect(await admins()).toEqual([{ email: SET.email }]);
  });

  test("keeps a password that it changed, even if the variable still has another one", async () => {
    const shop = await start();
    const { id } = (await signIn(shop)).user;
    await shop.asUser(id, "admin").call.users.changePassword({ id, password: SET.password, newPassword: "a better one" });
    await stop();
    const again = await start();
    expect(await refusalOf(signIn(again))).toEqual(NOBODY);
    expect((await signIn(again, { ...SET, password: "a better one" })).user.id).toBe(id);
  });

  test("is one, when several processes start at once", async () => {
    await Promise.all([start(), start(OTHER), start(), start(OTHER)]);
    expect(await admins()).toHaveLength(1);
    expect(await sql`select count(*)::int as count from users.first_admin`).toEqual([{ count: 1 }]);
  });

  test("is one, when a process starts while another one is making it", async () => {
    await asBeforeTheFirstAdmin();
    // The insert of an account waits for this lock, so that both processes have reached it before either commits.
    await sql`create function users.held() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(1); return new; end $$`;
    await sql`create trigger held after insert on users.users for each row execute function users.held()`;
    await sql`select pg_advisory_lock(1)`;
    const starts = [start(), start(OTHER)];
    await bothWait();
    await sql`select pg_advisory_unlock(1)`;
    await Promise.all(starts);
    expect(await admins()).toHaveLength(1);
  });

  test("is not made if a version that did not note it has made one", async () => {
    await start();
    await stop();
    await sql`drop table users.first_admin`;
    await sql`drop index users.sessions_by_end`;
    await sql`delete from users.holon_migrations where name in ('0003_first_admin', '0004_sessions_by_end')`;
    await sql`update users.users set email = 'renamed@example.test' where role = 'admin'`;
    await expectNoSecond(await start());
  });

  test("is not made if such a version still runs and makes one before this one does", async () => {
    await asBeforeTheFirstAdmin();
    await sql`insert into users.users (email, name, role) values ('made@example.test', 'Administrator', 'admin')`;
    await start();
    expect(await admins()).toEqual([{ email: "made@example.test" }]);
  });

  async function expectNoSecond(shop: TestShop): Promise<void> {
    expect(await refusalOf(signIn(shop))).toEqual(NOBODY);
    const users = shop.asAnonymous().call.users;
    const email = `${randomUUID()}@example.test`;
    const user = await users.signUp({ email, password: "correct horse", name: "Eve" });
    const self = shop.asUser(user.id, "user").call.users;
    const moved = await self.patch({ id: user.id, version: user.version, email: SET.email });
    await self.update({ ...moved, email });
    expect(await refusalOf(signIn(shop))).toEqual(NOBODY);
    expect((await users.signUp({ email: SET.email, password: "correct horse", name: "Eve" })).role).toBe("user");
    await sql`delete from users.users where email = ${SET.email}`;
  }
});

describe("a start on which the variables have no effect", () => {
  test("warns while they are still set", async () => {
    await start();
    await stop();
    await start();
    expect(ofAdmins(warnings)).toEqual([STILL_SET]);
  });

  test("is silent on a development machine, where none are set", async () => {
    await start(FIRST_ADMIN);
    await stop();
    await start(FIRST_ADMIN);
    expect(ofAdmins(warnings)).toEqual([]);
  });

  test("warns if a customer has the address, and makes the admin when the address is free", async () => {
    await asBeforeTheFirstAdmin();
    await sql`insert into users.users (email, name) values (${SET.email}, 'Eve')`;
    await start();
    expect(ofAdmins(warnings)).toEqual([TAKEN]);
    expect(await admins()).toEqual([]);
    await stop();
    await sql`delete from users.users where email = ${SET.email}`;
    await start();
    expect(await admins()).toEqual([{ email: SET.email }]);
  });
});
