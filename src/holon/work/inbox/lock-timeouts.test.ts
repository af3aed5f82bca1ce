import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { signal, until } from "../../data/child.testing.ts";
import { useEventsPlace } from "./events.testing.ts";

const place = useEventsPlace({ lockTimeoutMs: 300 });

describe("an event whose transaction is repeated after a deadlock", { timeout: 60_000 }, () => {
  /** When each transaction began that waits for a key now. */
  const waiting = () =>
    place.sql<{ since: string }[]>`
      select xact_start::text as since from pg_stat_activity
      where wait_event_type = 'Lock' and wait_event = 'advisory' and datname = current_database()`;

  it("is not counted as failed if the repeat does not get its key", async () => {
    const [isHeld, release] = [signal(), signal()];
    let holding: Promise<unknown> = Promise.resolve();
    let calls = 0;
    const keepKey = () =>
      place.sql.begin(async (tx) => {
        const lock = JSON.stringify(["holon inbox", "orders", "payments", "paymentTaken", "a"]);
        await tx`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
        isHeld.resolve();
        await release.promise;
      });
    await place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });
    await place.startConsumer(place.backend, async ({ tx }) => {
      calls++;
      if (calls > 1) return;
      holding = keepKey();
      // The next one that gets the key, when this transaction is rolled back.
      await until(async () => (await waiting()).length > 0);
      await tx.db.execute(sql`do $$ begin raise exception 'a deadlock' using errcode = '40P01'; end $$`);
    });
    await place.emit([{ name: "paymentTaken", key: "a", payload: { orderId: "a", n: 1 } }]);
    await isHeld.promise;
    const waits = new Set<string>();
    await until(async () => {
      for (const { since } of await waiting()) waits.add(since);
      return waits.size > 1 || (await place.inbox()).length > 0;
    });
    release.resolve();
    await holding;
    await until(async () => (await place.inbox()).some(({ state }) => state === "done"));
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(2);
  });
});
