import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { HolonError } from "../kernel/holon-error.ts";
import { signal } from "./child.testing.ts";
import { testScope } from "./database.testing.ts";
import { toHolonError } from "./database-error.ts";
import { orders, useOrders } from "./orders.testing.ts";

const place = useOrders();
const SECRET = "canary-7731";

beforeAll(async () => {
  await place.sql`create table orders.people (id int primary key, tenant int, name text, mail text, unique (tenant, name))`;
  await place.sql`create unique index people_mail on orders.people (lower(mail))`;
  await place.sql`insert into orders.people values (1, 1, 'anna', 'Anna@x.test')`;
});

async function failureOf(statement: ReturnType<typeof sql>): Promise<HolonError> {
  const error = await place.data
    .transaction(testScope(), ({ db }) => db.execute(statement))
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(HolonError);
  return error as HolonError;
}

describe("a value that must be unique and is taken", () => {
  it.each([
    ["the field", sql`insert into orders.people values (1, 2, 'b', 'b')`, ["id"]],
    ["all fields of the rule", sql`insert into orders.people values (2, 1, 'anna', 'b')`, ["tenant", "name"]],
    ["the field inside an expression", sql`insert into orders.people values (2, 2, 'b', 'ANNA@x.test')`, ["mail"]],
  ])("is CONFLICT, naming %s", async (_what, statement, fields) => {
    expect(await failureOf(statement)).toMatchObject({ code: "CONFLICT", details: { fields } });
  });

  it("does not show the value", async () => {
    await place.data.transaction(testScope(), ({ db }) => db.insert(orders).values({ email: SECRET, amount: 1 }));
    const error = await place.data
      .transaction(testScope(), ({ db }) => db.insert(orders).values({ email: SECRET, amount: 1 }))
      .catch((thrown: unknown) => thrown as HolonError);
    expect(error).toMatchObject({ code: "CONFLICT", details: { fields: ["email"] } });
    expect(JSON.stringify([error, (error as HolonError).message])).not.toContain(SECRET);
  });
});

describe("a statement that fails for another reason", () => {
  it.each([
    ["a check", sql`insert into orders.orders (email, amount) values (${SECRET}, -1)`],
    ["a missing value", sql`insert into orders.orders (amount) values (1)`],
    ["a mistake in SQL", sql`select ${SECRET} from nowhere`],
  ])("for %s is a defect, without SQL and values outside of its cause", async (_what, statement) => {
    const error = await failureOf(statement);
    expect(error.code).toBe("INTERNAL");
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/canary|nowhere|insert/);
    expect(error.cause).toBeDefined();
  });

  it("for a zero character in a text is the caller's mistake", async () => {
    expect(await failureOf(sql`select ${"a\u0000b"}::text`)).toMatchObject({ code: "BAD_REQUEST" });
  });

  it("for a lock that another transaction keeps is OVERLOADED: it was rolled back, and may be sent again", async () => {
    await place.sql`insert into orders.orders (email, amount) values ('locked', 1)`;
    const locked = signal();
    const release = signal();
    const holder = place.data.transaction(testScope(), async ({ db }) => {
      await db.update(orders).set({ amount: 2 });
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const impatient = place.open({ lockTimeoutMs: 50 });
    const locked503 = { code: "OVERLOADED", status: 503, executed: "no" };
    await expect(impatient.transaction(testScope(), ({ db }) => db.update(orders).set({ amount: 3 }))).rejects.toMatchObject(locked503);
    release.resolve();
    await holder;
  });
});

describe("an error of another kind", () => {
  it("that is the toolkit's own is taken out of the error that wraps it, and passes unchanged", () => {
    const refusal = new HolonError("OUT_OF_STOCK", "none left");
    expect(toHolonError(new TypeError("wrapped", { cause: refusal }))).toBe(refusal);
  });

  it.each([["08006"], ["57P01"], ["ECONNREFUSED"], ["CONNECTION_CLOSED"], ["53300"]])("with the code %s says that the database is away", (code) => {
    expect(toHolonError(Object.assign(new TypeError("x"), { code }))).toMatchObject({ code: "UNAVAILABLE" });
  });
});
