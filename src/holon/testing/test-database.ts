import { createTestDatabase as createDatabase, startTestServer, type TestDatabase, type TestServer } from "../dev/postgres/test-database.ts";

export type { TestDatabase } from "../dev/postgres/test-database.ts";

/** The variable that names a Postgres server for all test files: its URL with an owner's login. Without it, a process starts an embedded server if needed. */
const SHARED_SERVER = "TEST_POSTGRES_URL";

let own: { readonly server: Promise<TestServer>; users: number } | undefined;

/** A new, empty database on a real server. `drop` removes it; the last `drop` in a process also stops the server that this process started. */
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
