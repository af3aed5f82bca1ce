import { afterAll, beforeAll, beforeEach, onTestFailed } from "vitest";
import { createTestDatabase, startTestServer, type TestDatabase, type TestServer } from "../dev/postgres/test-database.ts";
import { systemClock } from "../kernel/clock.ts";
import { DEFAULT_LIMITS, type Limits } from "../kernel/limits.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import { Scope } from "../kernel/scope.ts";

/** The server and the database of one test file, available while its tests run. */
export interface TestPlace {
  readonly server: TestServer;
  readonly database: TestDatabase;
}

/** Starts a server and makes a database for the tests of a file. Keeps both if a test fails. */
export function useTestDatabase(): TestPlace {
  const place = {} as { server: TestServer; database: TestDatabase };
  beforeAll(async () => {
    place.server = await startTestServer();
    place.database = await createTestDatabase({ server: place.server });
  });
  beforeEach(() => {
    onTestFailed(() => {
      place.database.keep();
    });
  });
  afterAll(async () => {
    await place.database?.drop();
    await place.server?.stop();
  });
  return place;
}

/** A scope that only the test cancels. */
export function testScope(leftMs = 10_000): Scope {
  return Scope.root({ principal: ANONYMOUS, caller: "test", deadlineAtMs: systemClock.monotonicMs() + leftMs });
}

/** The default limits, with some replaced. */
export function testLimits(others: Partial<Limits> = {}): Limits {
  return { ...DEFAULT_LIMITS, ...others };
}
