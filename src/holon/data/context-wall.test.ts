import postgres, { type Sql } from "postgres";
import { beforeAll, describe, expect, it } from "vitest";
import { useTestDatabase } from "./database.testing.ts";
import { migrate } from "./migrate/migrate.ts";
import { toolkitMigrations } from "./migrate/toolkit-migrations.ts";

const place = useTestDatabase();

/** Every way in which a handler could try to reach another context's rows. */
const TRESPASSES = {
  reads: "select * from catalog.holon_outbox",
  counts: "select count(*) from catalog.holon_keys",
  writes: "insert into catalog.holon_order values ('a', 'b', 1)",
  changes: "update catalog.holon_keys set key = 'mine'",
  removes: "delete from catalog.holon_outbox",
  refers: "create table orders.thief (position bigint references catalog.holon_outbox (position))",
  drops: "drop table catalog.holon_outbox",
  "makes a table in its own schema": "create table orders.extra ()",
  "makes a schema": "create schema evil",
  "edits its journal of migrations": "delete from orders.holon_migrations",
};

const DENIED = { code: "42501" };

async function withConnection(url: string, role: string | undefined, work: (sql: Sql) => Promise<void>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: (role === undefined ? {} : { role }) as object });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

describe("with one login for all contexts, a context in its role", () => {
  let role: string;

  beforeAll(async () => {
    role = (await migrate({ url: place.database.url, context: "orders" })).role as string;
    await migrate({ url: place.database.url, context: "catalog" });
  });

  it("works with its own rows", async () => {
    await withConnection(place.database.url, role, async (sql) => {
      await sql`insert into orders.holon_order values ('a', 'b', 1)`;
      expect(await sql`select last_number::int from orders.holon_order`).toEqual([{ last_number: 1 }]);
    });
  });

  it.each(Object.entries(TRESPASSES))("is denied when it %s", async (_what, text) => {
    await withConnection(place.database.url, role, async (sql) => {
      await expect(sql.unsafe(text)).rejects.toMatchObject(DENIED);
    });
  });

  it("can leave the role, which is why this is called a guard", async () => {
    await withConnection(place.database.url, role, async (sql) => {
      await sql`set role none`;
      await expect(sql`select * from catalog.holon_outbox`).resolves.toEqual([]);
    });
  });
});

describe("with a login of its own, a context", () => {
  let url: string;

  beforeAll(async () => {
    const login = `${place.database.name}_wall`;
    await withConnection(place.database.url, undefined, async (sql) => {
      await sql.unsafe(`create role ${login} login password 'wall'`);
    });
    await migrate({ url: place.database.url, context: "orders", role: login });
    await migrate({ url: place.database.url, context: "catalog" });
    const own = new URL(place.database.url);
    own.username = login;
    own.password = "wall";
    url = own.href;
  });

  it("works with its own rows", async () => {
    await withConnection(url, undefined, async (sql) => {
      await expect(sql`select * from orders.holon_outbox`).resolves.toEqual([]);
    });
  });

  it.each(Object.entries(TRESPASSES))("is denied when it %s", async (_what, text) => {
    await withConnection(url, undefined, async (sql) => {
      await expect(sql.unsafe(text)).rejects.toMatchObject(DENIED);
    });
  });

  it.each(Object.entries(TRESPASSES))("is denied after SET ROLE NONE when it %s", async (_what, text) => {
    await withConnection(url, undefined, async (sql) => {
      await sql`set role none`;
      await expect(sql.unsafe(text)).rejects.toMatchObject(DENIED);
    });
  });

  it("is denied the role of another context", async () => {
    await withConnection(url, undefined, async (sql) => {
      await expect(sql.unsafe(`set role ${place.database.name}_catalog`)).rejects.toMatchObject(DENIED);
    });
  });

  it("finds nothing to migrate with rights of its own, and needs none", async () => {
    await expect(migrate({ url, context: "orders", role: null })).resolves.toEqual({ applied: [], role: undefined, differences: [] });
  });
});

describe("a login of its own in a database of its own", () => {
  it("migrates its schema itself", async () => {
    const login = `${place.database.name}_alone`;
    await withConnection(place.database.url, undefined, async (sql) => {
      await sql.unsafe(`create role ${login} login password 'alone'`);
      await sql.unsafe(`grant create on database ${place.database.name} to ${login}`);
    });
    const own = new URL(place.database.url);
    own.username = login;
    own.password = "alone";
    const result = await migrate({ url: own.href, context: "payments", role: null });
    expect(result.role).toBeUndefined();
    expect(result.applied).toEqual(toolkitMigrations("payments").map(({ name }) => name));
    await withConnection(own.href, undefined, async (sql) => {
      await expect(sql`select * from payments.holon_outbox`).resolves.toEqual([]);
    });
  });
});
