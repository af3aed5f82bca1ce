import { createTestDatabase as createDatabase, startTestServer, type TestDatabase, type TestServer } from "../dev/postgres/test-database.ts";

export type { TestDatabase } from "../dev/postgres/test-database.ts";

/** Names a Postgres server that all test files share, as a URL with an owner's login. Without it, each process that needs a server starts its own, embedded. */
const SHARED_SERVER = "TEST_POSTGRES_URL";

let own: { readonly server: Promise<TestServer>; users: number } | undefined;

/** A new, empty database on a real server. `drop` removes it, and stops the server with the last database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const url = process.env[SHARED_SERVER];
  if (url !== undefined) return createDatabase({ server: { url, stop: async () => {}, keep: () => url } });
  own ??= { server: startTestServer(), users: 0 };
  const used = own;
  used.users++;
  const server = await used.server;
  const database = await createDatabase({ server });
  return {
    ...database,
    async drop() {
      await database.drop();
      used.users--;
      if (used.users > 0) return;
      own = undefined;
      await server.stop();
    },
  };
}
