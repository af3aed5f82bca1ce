import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll } from "vitest";
import { useTestDatabase } from "../../data/database.testing.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import { type EmittingChild, startEmittingChild } from "./emitting-child.testing.ts";
import type { WatchLimits } from "./watch-limits.ts";
import type { WatchedEvent, Watcher } from "./watcher.ts";
import { openWatchingProcess, type WatchingProcess } from "./watching-process.testing.ts";

/** Prepares a database of `orders` for the tests of a file, in which each test opens processes. */
export function useWatching() {
  const place = useTestDatabase();
  const opened: WatchingProcess[] = [];
  const children: EmittingChild[] = [];
  const state = {} as { sql: Sql };
  beforeAll(async () => {
    await migrate({ url: place.database.url, context: "orders" });
    state.sql = postgres(place.database.url, { max: 4, onnotice: () => {} });
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
    await Promise.all(opened.splice(0).map((running) => running.close()));
    await state.sql`truncate orders.holon_outbox, orders.holon_order, orders.holon_removed cascade`;
  });
  afterAll(() => state.sql?.end({ timeout: 1 }));
  return Object.assign(state, {
    async start(limits: Partial<WatchLimits> = {}): Promise<WatchingProcess> {
      const { role } = await migrate({ url: place.database.url, context: "orders" });
      const running = openWatchingProcess(place.database.url, role, limits);
      opened.push(running);
      return running;
    },
    /** Another operating-system process. */
    async startChild(): Promise<EmittingChild> {
      const { role } = await migrate({ url: place.database.url, context: "orders" });
      const child = await startEmittingChild(place.database.url, role);
      children.push(child);
      return child;
    },
  });
}

/** The next events of a watcher. */
export async function take(watcher: Watcher, count: number): Promise<readonly WatchedEvent[]> {
  const items: WatchedEvent[] = [];
  while (items.length < count) {
    const step = await watcher.next();
    if (step.done === true) break;
    items.push(step.value);
  }
  return items;
}

/** The numbers of the next events. Each event of these tests has a number, by which it is recognised. */
export async function numbers(watcher: Watcher, count: number): Promise<readonly number[]> {
  return (await take(watcher, count)).map(({ data }) => (data as { readonly n: number }).n);
}
