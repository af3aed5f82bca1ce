import { describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import { contextRetentions } from "../retention/start-retention.ts";
import { numbers, take, useWatching } from "./watch.testing.ts";
import type { WatchingProcess } from "./watching-process.testing.ts";

const place = useWatching();

const gone = { code: "BAD_REQUEST", details: { issues: [{ path: "lastEventId", code: "gone" }] } };

/** Removes all events, as a sweeper does a week after they were taken. */
async function sweep({ data }: WatchingProcess): Promise<void> {
  await place.sql`update orders.holon_outbox set settled_at = now() - interval '8 days'`;
  for (const { remove } of contextRetentions(new WorkDatabase(data, systemClock), DEFAULT_LIMITS)) await remove(1_000);
  expect(await place.sql`select position from orders.holon_outbox`).toEqual([]);
}

describe("a watcher that resumes", () => {
  it("begins right after its last item, in another process", async () => {
    const [here, there] = [await place.start(), await place.start()];
    const watcher = await here.open({ event: "orderPlaced", key: "a" });
    for (const n of [1, 2, 3]) await here.place("a", n);
    const [first] = await take(watcher, 1);
    await watcher.return();
    await here.place("b", 9);
    const again = await there.open({ event: "orderPlaced", key: "a", after: first?.id });
    await here.place("a", 4);
    expect(await numbers(again, 3)).toEqual([2, 3, 4]);
  });

  it("begins at the start of a watcher that has received nothing yet", async () => {
    const running = await place.start();
    await running.note(1);
    const { start } = await running.open({ event: "orderNoted" });
    await running.note(2);
    expect(await numbers(await running.open({ event: "orderNoted", after: start }), 1)).toEqual([2]);
  });

  it("misses and repeats nothing, however often it breaks off while others write", async () => {
    const [here, there] = [await place.start({ readCount: 7, bufferCount: 5 }), await place.start()];
    let { start: after } = await here.open({ event: "orderNoted" });
    const seen: number[] = [];
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, lane) => {
        for (let n = 0; n < 50; n++) await there.note(lane * 50 + n);
      }),
    );
    while (seen.length < 200) {
      const watcher = await here.open({ event: "orderNoted", after });
      for (const { id, data } of await take(watcher, Math.min(9, 200 - seen.length))) {
        seen.push((data as { n: number }).n);
        after = id;
      }
      await watcher.return();
    }
    await writing;
    expect(seen.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it("is refused if its id is malformed", async () => {
    const running = await place.start();
    for (const after of ["", "1", "1.1", "x.-.-", "-1.-.-", "1.-.-\n", "01.-.-", "99999999999999999999.-.-", "1.-.zzzzzzzz"]) {
      await expect(running.open({ event: "orderNoted", after })).rejects.toMatchObject({
        code: "BAD_REQUEST",
        details: { issues: [{ path: "lastEventId", code: "malformed" }] },
      });
    }
  });

  it("is refused if events after its item were removed, or if the database was restored", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderNoted" });
    await running.note(1);
    const [{ id } = { id: "" }] = await take(watcher, 1);
    await running.note(2);
    await sweep(running);
    await expect(running.open({ event: "orderNoted", after: id })).rejects.toMatchObject(gone);
    await expect(running.open({ event: "orderNoted", after: "9000000.-.00000000" })).rejects.toMatchObject(gone);
  });

  it("goes on if only events of other keys were removed, or its own item but none of its key after it", async () => {
    const running = await place.start();
    const watcher = await running.open({ event: "orderPlaced", key: "a" });
    await running.place("a", 1);
    const [{ id } = { id: "" }] = await take(watcher, 1);
    await running.place("b", 2);
    await sweep(running);
    const again = await running.open({ event: "orderPlaced", key: "a", after: id });
    await running.place("a", 3);
    expect(await numbers(again, 1)).toEqual([3]);
    await expect(running.open({ event: "orderPlaced", after: id })).rejects.toMatchObject(gone);
  });
});
