import { readFileSync } from "node:fs";
import path from "node:path";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useTestDatabase } from "../database.testing.ts";
import { migrate } from "./migrate.ts";
import { narrowingsOf, readShape, type SchemaShape } from "./schema-shape.testing.ts";

/** The toolkit's tables as made by the oldest version that may run beside this one. */
const BEFORE = JSON.parse(readFileSync(path.join(import.meta.dirname, "tables-of-old-version.json"), "utf8")) as SchemaShape;

const place = useTestDatabase();
let sql: Sql;
let now: SchemaShape;

beforeAll(async () => {
  await migrate({ url: place.database.url, context: "orders" });
  sql = postgres(place.database.url, { max: 1, onnotice: () => {} });
  now = await readShape(sql, "orders");
});

afterAll(() => sql.end({ timeout: 1 }));

/** The differences that are found after a statement. The statement is rolled back. */
async function foundAfter(statement: string): Promise<readonly string[]> {
  let found: readonly string[] = [];
  await sql
    .begin(async (tx) => {
      await tx.unsafe(statement);
      found = narrowingsOf(now, await readShape(tx as unknown as Sql, "orders"));
      throw new Error("taken back");
    })
    .catch((error: Error) => {
      if (error.message !== "taken back") throw error;
    });
  return found;
}

describe("the toolkit's tables", () => {
  it("were changed by expand only: all statements of the old version still work", () => {
    expect(BEFORE.columns.map(({ table }) => table)).toContain("holon_migrations");
    expect(narrowingsOf(BEFORE, now)).toEqual([]);
  });
});

describe("a change of a table that stops the old version is found:", () => {
  it.each([
    ["a column that is gone", "alter table orders.holon_runs drop column deaths", "holon_runs.deaths is gone"],
    ["another type", "alter table orders.holon_jobs alter attempts type bigint", "holon_jobs.attempts is not as it was"],
    ["not null", "alter table orders.holon_jobs alter reason set not null", "holon_jobs.reason is not as it was"],
    ["null in what was set", "alter table orders.holon_jobs alter attempts drop not null", "holon_jobs.attempts is not as it was"],
    ["a default that is gone", "alter table orders.holon_jobs alter attempts drop default", "holon_jobs.attempts is not as it was"],
    ["a new column that must be set", "alter table orders.holon_jobs add lane text not null", "holon_jobs.lane is new and must be set"],
    ["a key that is gone", "alter table orders.holon_inbox drop constraint holon_inbox_pkey", "holon_inbox_pkey of holon_inbox is gone"],
    ["a unique index that is gone", "drop index orders.holon_outbox_order", "holon_outbox_order of holon_outbox is gone"],
    ["a new unique index", "create unique index once on orders.holon_jobs (name)", "once of holon_jobs refuses"],
    ["a new check", "alter table orders.holon_jobs add constraint few check (attempts < 9)", "few of holon_jobs refuses"],
    ["a list of states that lost one", stateCheck("'running', 'waiting', 'done'"), "holon_jobs_state_check of holon_jobs refuses"],
    [
      "a list of states by another column",
      stateCheck("'running', 'waiting', 'done', 'failed'", "name"),
      "holon_jobs_state_check of holon_jobs refuses",
    ],
    ["a foreign key", "alter table orders.holon_deliveries add foreign key (subscriber) references orders.holon_schedules (name)", "refuses"],
    ["a new table that holds rows", "create table orders.notes (job uuid references orders.holon_jobs)", "notes_job_fkey of notes refuses"],
    [
      "a trigger",
      "create trigger t before update on orders.holon_jobs for each row execute function suppress_redundant_updates_trigger()",
      "t of holon_jobs refuses",
    ],
  ])("%s", async (_, statement, fault) => {
    const found = await foundAfter(statement);
    expect(found.join("\n")).toContain(fault);
  });
});

describe("a change of a table that only adds is allowed:", () => {
  it.each([
    ["a table", "create table orders.notes (job uuid not null unique references orders.holon_jobs on delete cascade)"],
    ["a column that may be null", "alter table orders.holon_jobs add lane text check (lane <> '')"],
    ["a column with a default", "alter table orders.holon_jobs add lane text not null default 'x'"],
    ["a unique column that may be null", "alter table orders.holon_jobs add lane text unique"],
    ["a list of states with one more", stateCheck("'running', 'waiting', 'done', 'failed', 'resting'")],
    ["a check that is gone", "alter table orders.holon_jobs drop constraint holon_jobs_state_check"],
    ["a foreign key that is gone", "alter table orders.holon_deliveries drop constraint holon_deliveries_position_fkey"],
    ["an index", "create index more on orders.holon_jobs (name); drop index orders.holon_jobs_due"],
  ])("%s", async (_, statement) => {
    expect(await foundAfter(statement)).toEqual([]);
  });
});

function stateCheck(states: string, column = "state"): string {
  return `alter table orders.holon_jobs drop constraint holon_jobs_state_check, add constraint holon_jobs_state_check check (${column} in (${states}))`;
}
