import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../data/migrate/migrate.ts";
import { createTestDatabase, startTestServer, type TestServer } from "./test-database.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server?.stop());

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

describe("a test database", () => {
  it("is new, and gone with its roles after it was dropped", async () => {
    const database = await createTestDatabase({ server });
    await migrate({ url: database.url, context: "orders" });
    await database.drop();
    expect(
      await ask(
        server.url,
        `select datname from pg_database where datname = '${database.name}' union all select rolname from pg_roles where rolname like '${database.name}%'`,
      ),
    ).toEqual([]);
  });

  it("is a copy of its template, which is built once", async () => {
    let built = 0;
    const template = {
      key: "orders",
      build: async (url: string) => {
        built++;
        await migrate({ url, context: "orders" });
      },
    };
    const copies = await Promise.all([1, 2, 3].map(() => createTestDatabase({ server, template })));
    expect(built).toBe(1);
    for (const copy of copies)
      expect(await migrate({ url: copy.url, context: "orders" })).toEqual({ applied: [], role: `${copy.name}_orders`, differences: [] });
  });

  it("is kept after keep()", async () => {
    const own = await startTestServer();
    const database = await createTestDatabase({ server: own });
    const where = database.keep();
    await database.drop();
    expect(await ask(own.url, `select count(*)::int as count from pg_database where datname = '${database.name}'`)).toEqual([{ count: 1 }]);
    await own.stop();
    const folder = own.keep();
    expect(where).toContain(folder);
    expect(existsSync(folder)).toBe(true);
    await rm(folder, { recursive: true, force: true });
  });

  it("leaves nothing when its server stops", async () => {
    const own = await startTestServer();
    const folder = (await ask(own.url, "show data_directory"))[0]?.["data_directory"] as string;
    await own.stop();
    expect(existsSync(folder)).toBe(false);
  });
});
