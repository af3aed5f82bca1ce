import { readdirSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { incompatibilitiesOf } from "./compatibility.ts";
import { type Migration, readMigrationFolder, toMigration } from "./migration.ts";
import { toolkitMigrations } from "./toolkit-migrations.ts";

const judge = (text: string): readonly string[] => incompatibilitiesOf(toMigration("0007_change", text));

const MADE_HERE = `create table "orders"."lines" ("id" uuid primary key, "order_id" uuid not null);`;

describe("a migration that only adds is compatible:", () => {
  it.each([
    ["a table", `CREATE TABLE "orders"."lines" ("id" uuid PRIMARY KEY NOT NULL, "amount" integer NOT NULL, UNIQUE ("amount"))`],
    ["a table with a comment that names a drop", `-- drop table orders.orders;\ncreate table orders.lines (id int) /* alter /* nested */ drop */`],
    ["texts that look like statements", `insert into orders.orders (note) values ('it''s; drop table x', E'\\'; truncate y', $a$; delete from z$a$)`],
    ["a column that may be null", `ALTER TABLE "orders"."orders" ADD COLUMN "note" text;`],
    ["a column with a default", `alter table if exists only orders.orders add if not exists note text not null default 'a, b', add column n serial`],
    ["a column with an identity", `alter table orders.orders add column number bigint not null generated always as identity`],
    ["a column that is unique and may be null", `alter table orders.orders add column slug text unique`],
    ["an index", `create index concurrently if not exists a on orders.orders (email) where note is null`],
    ["a value of an enum", `alter type orders.state add value if not exists 'lost' after 'sent'`],
    [
      "a type, a sequence, a view",
      `create type a as enum ('x'); create sequence b; create materialized view c as select 1; create function d() returns int as $$ drop $$ language sql`,
    ],
    ["rows", `insert into orders.orders (id) values (1) on conflict do nothing`],
    ["a default", `alter table orders.orders alter column note set default 'none'`],
    ["a column, filled at once", `alter table orders.orders add column total int; update orders.orders set total = amount * 2 where amount > 0`],
    [
      "all that is done to a table made here",
      `${MADE_HERE} alter table orders.lines add constraint a unique (id), add check (id is not null), alter column order_id drop not null; create unique index b on orders.lines using btree (order_id); update orders.lines set id = null; delete from orders.lines; truncate orders.lines`,
    ],
    [
      "a foreign key of a new table that lets deleted rows go",
      `${MADE_HERE} alter table orders.lines add constraint f foreign key (order_id) references orders.orders (id) on delete cascade on update no action`,
    ],
    [
      "a foreign key of a new column on a new table",
      `${MADE_HERE} alter table orders.orders add column line uuid; alter table "orders"."orders" add constraint f foreign key ("line") references "orders"."lines"("id") on delete no action`,
    ],
    [
      "a unique new column that may be null",
      `alter table a add column slug text; create unique index c on a using btree (name, slug); alter table a add constraint b unique (slug)`,
    ],
    ["harmless commands", `set local lock_timeout = '1s'; comment on table a is 'drop'; grant select on a to b; analyze a`],
    ["nothing", `-- only a comment`],
  ])("%s", (_, text) => {
    expect(judge(text)).toEqual([]);
  });
});

describe("a migration that changes or removes is not compatible:", () => {
  it.each([
    ["a table dropped", `drop table orders.orders`],
    ["an index dropped", `drop index orders.by_email`],
    ["a column dropped", `alter table "orders"."orders" drop column "email"`],
    ["a column dropped behind one that is added", `alter table orders.orders add column a int, drop column email`],
    ["another type", `alter table orders.orders alter column amount set data type bigint`],
    ["another type without its noise word", `alter table orders.orders alter amount type bigint`],
    ["not null", `alter table orders.orders alter column note set not null`],
    ["null where there was none", `alter table orders.orders alter column note drop not null`],
    ["a default dropped", `alter table orders.orders alter column note drop default`],
    ["a table renamed", `alter table orders.orders rename to sold`],
    ["a column renamed", `alter table orders.orders rename column a to b`],
    ["an enum value renamed", `alter type orders.state rename value 'a' to 'b'`],
    ["a column that must be set", `alter table orders.orders add column email text not null`],
    ["a column that is unique and filled", `alter table orders.orders add column slug text default 'a' unique`],
    ["a new key", `alter table orders.orders add primary key (id)`],
    ["a check", `alter table orders.orders add constraint a check (amount > 0) not valid`],
    ["a unique index", `create unique index a on orders.orders (email)`],
    ["a unique new column that is filled", `alter table a add column slug text default 'x'; create unique index c on a (slug)`],
    ["a unique new column with one null", `alter table a add column slug text; create unique index c on a (slug) nulls not distinct`],
    [
      "a unique new column with one null, as a constraint",
      `alter table a add column slug text; alter table a add constraint b unique nulls not distinct (slug)`,
    ],
    ["a unique expression", `alter table a add column slug text; create unique index c on a (coalesce(slug, ''))`],
    [
      "a foreign key of a new column that is filled",
      `create table b (id int); alter table a add column c int default 1; alter table a add foreign key (c) references b (id)`,
    ],
    ["a foreign key on what is there", `${MADE_HERE} alter table orders.orders add foreign key (a) references orders.lines (id)`],
    ["a reference that holds rows", `create table orders.notes (id int, order_id int references orders.orders (id), n int)`],
    ["a reference of a new column that holds rows", `alter table orders.orders add column parent uuid references orders.orders (id)`],
    ["rows removed", `delete from orders.orders`],
    ["rows removed of several tables", `${MADE_HERE} truncate orders.lines, orders.orders`],
    ["rows changed", `update orders.orders set amount = 0`],
    ["rows changed beside a new column", `alter table orders.orders add column total int; update orders.orders as o set total = 1, amount = 0`],
    ["rows changed by an insert", `insert into orders.orders (id) values (1) on conflict (id) do update set amount = 0`],
    ["a trigger", `create trigger a before insert on orders.orders execute function b()`],
    ["a function replaced", `create or replace function a() returns int as 'select 1' language sql`],
    ["a right taken", `revoke select on a from b`],
    ["a block of code", `do $$ begin alter table orders.orders drop column a; end $$`],
    ["a statement that cannot be judged", `with gone as (delete from orders.orders returning 1) select 1`],
    ["a change behind a quoted name", `comment on column orders."a; --" is 'x'; drop table orders.orders`],
  ])("%s", (_, text) => {
    expect(judge(text)).not.toEqual([]);
  });

  it("and the reason names the part that is not", () => {
    expect(judge(`create table a (id int); alter table "orders"."orders" add column b int, drop column "email" cascade`)).toEqual([
      "alter table orders.orders drop column email cascade: it changes or removes what is there",
    ]);
  });
});

describe("the mark in a migration's file decides:", () => {
  it.each([
    ["not compatible", `-- holon: not compatible\ncreate table a (id int)`, ["its file says so"]],
    ["not compatible, and why", `create table a (id int); --holon:not compatible: readers count the tables`, ["readers count the tables"]],
    ["compatible, and why", `-- holon: compatible: nothing has read it since 1.2\nalter table a drop column b`, []],
    [
      "compatible without a reason",
      `-- holon: compatible\ncreate table a (id int)`,
      ['its mark "holon: compatible" is not known, or gives no reason'],
    ],
    ["something unknown", `-- holon: not compatable\ncreate table a (id int)`, ['its mark "holon: not compatable" is not known, or gives no reason']],
    ["both", `-- holon: compatible: why\n-- holon: not compatible: why not\ncreate table a (id int)`, ["why not"]],
    ["nothing of it, in a text", `insert into a values ('\n-- holon: not compatible\n')`, []],
    ["no-transaction, which is another thing", `-- holon:no-transaction\ncreate index concurrently a on b (c)`, []],
  ])("%s", (_, text, reasons) => {
    expect(judge(text)).toEqual(reasons);
  });
});

describe("any text in a migration", () => {
  it("is read to its end, and a drop behind it is seen", () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      "$$",
      "$a$",
      "/*",
      "*/",
      "--",
      "\n",
      "\\",
      "E'",
      ";",
      "(",
      ")",
      ",",
      "alter table ",
      "a",
      ".",
      "create table ",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(() => judge(pieces.join(""))).not.toThrow();
        expect(judge(`${pieces.join("")}\n--> statement-breakpoint\ndrop table a`)).not.toEqual([]);
      }),
    );
  });

  it.each(["'", '"', "E'\\", "$a$", "/*", "--", "(", "a.", "a"])("takes no more time than its length, with %s a hundred thousand times", (piece) => {
    expect(() => judge(piece.repeat(100_000))).not.toThrow();
  });
});

describe("the migrations that are published", () => {
  const notCompatible = (migrations: readonly Migration[]): readonly string[] =>
    migrations.filter((migration) => incompatibilitiesOf(migration).length > 0).map(({ name }) => name);

  // Some of the first migrations are not compatible: they are older than the rule that versions run beside each other, and every version in use has them. Add a
  // migration to these lists only with a line in CHANGELOG.md that says which versions cannot run beside it.
  it("of the toolkit only add", () => {
    expect(notCompatible(toolkitMigrations("orders"))).toEqual(["0004_workflows"]);
  });

  it.each([
    ["catalog", ["0002_sales_read_model"]],
    ["notifications", ["0001_mail"]],
    ["orders", ["0001_placed_by_a_run"]],
    ["payments", ["0001_one_charge_an_order"]],
    ["users", []],
  ])("of the shop's %s only add", async (context, before) => {
    const migrations = await readMigrationFolder(path.resolve("migrations", context));
    expect(migrations.length).toBeGreaterThan(0);
    expect(notCompatible(migrations)).toEqual(before);
  });

  it("of the shop are all looked at", () => {
    expect(readdirSync("migrations").toSorted()).toEqual(["catalog", "notifications", "orders", "payments", "users"]);
  });
});
