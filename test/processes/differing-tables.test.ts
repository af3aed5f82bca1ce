import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterEach, describe, expect, test } from "vitest";
import { eventually, type FixtureProcess, freePort, freshFolder, runFixture, tell } from "./fixture/run.ts";

/** The table as the fixture's code declares it: `name text primary key, taken integer not null`. */
const SOUND = 'CREATE TABLE "stock"."items" ("name" text PRIMARY KEY, "taken" integer NOT NULL';

const DIFFERENCES = [
  ["the folder of migrations is missing", undefined, "the table items is missing"],
  ["a column is missing", 'CREATE TABLE "stock"."items" ("name" text PRIMARY KEY);', "the column items.taken is missing"],
] as const;

const started: FixtureProcess[] = [];
const databases: TestDatabase[] = [];

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
  for (const database of databases.splice(0)) await database.drop();
});

/** A folder with one migration of the context stock, or without migrations. */
function migrations(sql: string | undefined): string {
  const folder = freshFolder();
  if (sql === undefined) return folder;
  mkdirSync(path.join(folder, "stock/meta"), { recursive: true });
  writeFileSync(path.join(folder, "stock/0000_first.sql"), sql);
  const entries = [{ idx: 0, version: "7", when: 1, tag: "0000_first", breakpoints: true }];
  writeFileSync(path.join(folder, "stock/meta/_journal.json"), JSON.stringify({ version: "7", dialect: "postgresql", entries }));
  return folder;
}

interface Running extends FixtureProcess {
  readonly port: number;
  readonly opsPort: number;
}

/** Starts the fixture with these migrations, and waits until its ports are open. */
async function run(sql: string | undefined, env: Record<string, string>): Promise<Running> {
  const database = await createTestDatabase();
  databases.push(database);
  const [port, opsPort] = [await freePort(), await freePort()];
  const ports = { PORT: String(port), HOLON_OPS_PORT: String(opsPort), HOLON_ROLES: "edge,jobs" };
  const running = runFixture({ DATABASE_URL: database.url, FIXTURE_MIGRATIONS: migrations(sql), ...ports, ...env });
  started.push(running);
  const isOver = (): boolean => running.child.exitCode !== null;
  await eventually("it listens", async () => isOver() || (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok);
  expect(isOver(), running.output()).toBe(false);
  return { ...running, port, opsPort };
}

const readyz = async (port: number): Promise<unknown> => {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: answer.status, ...((await answer.json()) as object) };
};

const get = async (port: number, procedure: string): Promise<{ readonly status: number; readonly text: string }> => {
  const answer = await fetch(`http://127.0.0.1:${port}/trpc/${procedure}`);
  return { status: answer.status, text: await answer.text() };
};

const PRODUCTION = { NODE_ENV: "production", HOLON_SECRET: "a secret of these tests that is long enough", HOLON_ALLOW_SECRET_ONLY: "yes" };

/** The other context is in another process, which does not run. */
const STOCK_ALONE = { HOLON_CONTEXTS: "stock", HOLON_SALES_URL: "mesh://127.0.0.1:9" };

describe("a process whose tables in the database are not those of its code", () => {
  test.each(DIFFERENCES)("is not ready if %s, gives the reason, and its calls fail with a typed error", async (_, sql, difference) => {
    const { port, opsPort, output } = await run(sql, { ...PRODUCTION, ...STOCK_ALONE });
    const reason = `the tables of stock are not as its code needs them: ${difference}`;
    expect(await readyz(opsPort), output()).toMatchObject({ status: 503, ready: false, reasons: [reason] });
    const { status, text } = await get(port, `stock.taken?input=${encodeURIComponent('{"name":"tea"}')}`);
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ error: { data: { code: "UNAVAILABLE" } } });
    expect(text).not.toMatch(/items|drizzle|migration/);
    expect(
      output()
        .split("\n")
        .filter((line) => line.includes('"level":"error"') && line.includes(difference)),
    ).toHaveLength(1);
    expect(output()).toContain("drizzle-kit generate");
    expect(output()).not.toContain("fixture is ready");
  });

  test("is degraded if this is true of one context of several, and the others answer", async () => {
    const { port, opsPort } = await run(undefined, PRODUCTION);
    const reason = "the tables of stock are not as its code needs them: the table items is missing";
    expect(await readyz(opsPort)).toEqual({ status: 200, ready: true, reasons: [], degraded: [reason] });
    expect(await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()).toContain('holon_degraded{part="database",name="stock"} 1');
    expect((await get(port, "sales.leaveBehind")).status).toBe(200);
    expect(await tell(port, "sales.sell", { name: "tea" })).toMatchObject({ status: 503, body: { error: { data: { code: "UNAVAILABLE" } } } });
  });

  test("shows in development the reason and the command that cures it at the end of its screen", async () => {
    const { output } = await run(undefined, { ...STOCK_ALONE, HOLON_SECRET: PRODUCTION.HOLON_SECRET });
    const screen = await eventually("the screen", () => /\n(fixture runs and is not ready[\s\S]*)$/.exec(output())?.[1]);
    expect(screen).toContain("the table items is missing");
    expect(screen).toMatch(/npx drizzle-kit generate --dialect postgresql --schema .* --out .*stock/);
  });
});

describe("a process whose tables in the database have more than its code knows", () => {
  test("is ready and answers", async () => {
    const more = 'CREATE TABLE "stock"."more" ("id" uuid);';
    const running = await run(
      `${SOUND}, "place" text, "since" timestamptz NOT NULL DEFAULT now());--> statement-breakpoint
${more}`,
      PRODUCTION,
    );
    await expect.poll(() => readyz(running.opsPort)).toEqual({ status: 200, ready: true, reasons: [], degraded: [] });
    expect((await get(running.port, `stock.taken?input=${encodeURIComponent('{"name":"tea"}')}`)).status).toBe(200);
  });
});
