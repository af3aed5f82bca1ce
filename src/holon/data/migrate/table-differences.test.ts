import { bigint, customType, pgSchema, primaryKey, serial, text, timestamp, uuid, varchar } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { useTestDatabase } from "../database.testing.ts";
import { OwnerConnection } from "./owner-connection.ts";
import { tableDifferences } from "./table-differences.ts";

const place = useTestDatabase();
let sql: OwnerConnection;

beforeAll(async () => {
  sql = await OwnerConnection.open(place.database.url);
});

afterAll(() => sql.close());

beforeEach(async () => {
  await sql.run("drop schema if exists orders cascade; create schema orders");
});

const schema = pgSchema("orders");
const status = schema.enum("status", ["open", "paid"]);
const citext = customType<{ data: string }>({ dataType: () => "of some extension(3)" });

const orders = schema.table("orders", {
  id: serial().primaryKey(),
  status: status().notNull().default("open"),
  tags: text().array().notNull(),
  states: status().array(),
  code: varchar({ length: 20 }),
  placedAt: timestamp("placed_at", { precision: 3, withTimezone: true }).notNull(),
  amount: bigint({ mode: "number" }),
  odd: citext(),
});
const lines = schema.table("lines", { order: uuid(), product: uuid() }, (table) => [primaryKey({ columns: [table.order, table.product] })]);
const elsewhere = pgSchema("stock").table("items", { id: uuid() });

const TYPE = "create type orders.status as enum ('open', 'paid');";
const ORDERS = `create table orders.orders (id serial primary key, status orders.status not null default 'open', tags text[] not null,
  states orders.status[], code text, placed_at timestamptz not null, amount bigint, odd text)`;
const LINES = 'create table orders.lines ("order" uuid, product uuid, primary key ("order", product))';

const differences = () => tableDifferences(sql, "orders", { orders, lines, elsewhere, status, anything: 5 });

describe("the tables of the code and of the database", () => {
  it("fit if each is as the other, with any sequences, enums, arrays, lengths and keys", async () => {
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}`);
    expect(await differences()).toEqual([]);
  });

  it("fit when the database has more", async () => {
    await sql.run(
      `${TYPE} ${ORDERS}; ${LINES}; alter table orders.orders add note text, add since date not null default now(); create table orders.more ()`,
    );
    expect(await differences()).toEqual([]);
  });

  it("fit when a column may be null and in the code it may not: no statement fails of it", async () => {
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}; alter table orders.orders alter tags drop not null`);
    expect(await differences()).toEqual([]);
  });

  it("fit when a table of the code is a view, whose columns are never not null", async () => {
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}; alter table orders.orders rename to kept; create view orders.orders as select * from orders.kept`);
    expect(await differences()).toEqual([]);
  });

  it("fit when a column that the code does not know is filled by its domain", async () => {
    const domain = "create domain orders.note as text default 'none'";
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}; ${domain}; alter table orders.orders add note orders.note not null`);
    expect(await differences()).toEqual([]);
  });

  it("fit when a column must be filled that the code may leave out: it may fill it always", async () => {
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}; alter table orders.orders alter code set not null`);
    expect(await differences()).toEqual([]);
  });

  it("fit when a column is of a domain over the type of the code", async () => {
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}; create domain orders.money as bigint; alter table orders.orders alter amount type orders.money`);
    expect(await differences()).toEqual([]);
  });

  it.each([
    ["drop table orders.lines", "the table lines is missing"],
    ["alter table orders.orders drop amount", "the column orders.amount is missing"],
    ["alter table orders.orders alter amount type integer", "the column orders.amount is integer instead of bigint"],
    ["alter table orders.orders alter tags type text using ''", "the column orders.tags is text instead of text[]"],
    ["alter table orders.orders add note text not null", "the column orders.note must be filled, and the code does not know it"],
    [
      "create domain orders.note as text not null; alter table orders.orders add note orders.note",
      "the column orders.note must be filled, and the code does not know it",
    ],
  ])("differ after %s", async (change, difference) => {
    await sql.run(`${TYPE} ${ORDERS}; ${LINES}; ${change}`);
    expect(await differences()).toEqual([difference]);
  });

  it("differ if a type of the context's own is missing", async () => {
    await sql.run(`${ORDERS.replaceAll("orders.status", "text")}; ${LINES}`);
    const missing = (column: string, type: string, own: string) =>
      `the column orders.${column} has the type ${type}, and the type ${own} of the code is missing`;
    expect(await differences()).toEqual([missing("status", "text", '"orders"."status"'), missing("states", "text[]", '"orders"."status"[]')]);
  });
});
