import { describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { useEventsPlace } from "./events.testing.ts";

const IDLE_MS = 2_000;

const place = useEventsPlace({ idleInTransactionMs: IDLE_MS });

/** Blocks the only thread, as SIGSTOP does. */
function freeze(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The ways in which an event reaches its handler. */
const WAYS: readonly (readonly [how: string, bring: () => Promise<unknown>])[] = [
  ["comes in a message", () => place.emit([{ name: "paymentNoted", payload: { n: 1 } }])],
  [
    "is held",
    () => place.sql`
      insert into orders.holon_inbox (producer, event_id, name, position, state, payload, initiator, needs_surely, retry_at)
      values ('payments', gen_random_uuid(), 'paymentNoted', 1, 'held', '{"n":1}', '{"kind":"anonymous"}', false, now())`,
  ],
];
const settled = async () => (await place.inbox()).some(({ state }) => state === "done" || state === "parked");
const start = async () => place.startProducer(place.backend, { resendMs: 3_600_000, resendLostMs: 3_600_000 });

describe("an event whose transaction the server has ended, because the process was frozen in its handler", () => {
  it.each(WAYS)("has no attempt counted, if it %s", async (_how, bring) => {
    let calls = 0;
    await start();
    await place.startConsumer(place.backend, () => {
      if (++calls === 1) freeze(1.5 * IDLE_MS);
    });
    await bring();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(2);
  });

  it.each(WAYS)("is parked in the end, if its handler causes that each time and it %s", async (_how, bring) => {
    let calls = 0;
    await start();
    const limits = { attemptsCount: 2 };
    await place.startConsumer(
      place.backend,
      () => {
        calls++;
        freeze(1.5 * IDLE_MS);
      },
      limits,
    );
    await bring();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "parked", attempts: 2, reason: expect.stringContaining("UNAVAILABLE") }]);
    expect(calls).toBe(3);
  });
});

describe("an event whose handler was frozen until its time was over", () => {
  it.each(WAYS)("has no attempt counted, if it %s", async (_how, bring) => {
    let calls = 0;
    await start();
    const limits = { handlerMs: 0.5 * IDLE_MS };
    await place.startConsumer(
      place.backend,
      async () => {
        if (++calls > 1) return;
        freeze(0.85 * IDLE_MS);
        await new Promise(() => {});
      },
      limits,
    );
    await bring();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(2);
  });
});

describe("an event if the database cannot tell whether it is its turn", () => {
  /** Makes the looks of workers at the rows of events fail, as a broken index does. Other statements on the table work. Returns how often a look has failed. */
  async function breakLooks(): Promise<() => Promise<number>> {
    await place.sql`create sequence orders.failed_looks`;
    await place.sql`create function orders.look() returns boolean language plpgsql security definer as $$ begin
      if current_query() ~ 'for update skip locked|"isUnsure"' then
        perform nextval('orders.failed_looks');
        raise exception 'the index is broken' using errcode = 'XX002';
      end if;
      return true; end $$`;
    await place.sql`create policy looks on orders.holon_inbox using (orders.look()) with check (true)`;
    await place.sql`alter table orders.holon_inbox enable row level security`;
    return async () => Number((await place.sql`select last_value from orders.failed_looks`)[0]?.["last_value"]);
  }

  async function mendLooks(): Promise<void> {
    await place.sql`alter table orders.holon_inbox disable row level security`;
    await place.sql`drop policy looks on orders.holon_inbox`;
    await place.sql`drop function orders.look`;
    await place.sql`drop sequence orders.failed_looks`;
  }

  it("is not counted as failed if it is held, and is handled when the database can tell", async () => {
    const failedLooks = await breakLooks();
    await WAYS[1]?.[1]();
    let calls = 0;
    await place.startConsumer(place.backend, () => void calls++, { attemptsCount: 2 });
    await until(async () => (await failedLooks()) >= 3 || (await settled()));
    await mendLooks();
    await until(settled);
    expect(await place.inbox()).toMatchObject([{ state: "done", attempts: 0 }]);
    expect(calls).toBe(1);
  });

  it("is not counted as failed if it comes in a message, and is handled when the database can", async () => {
    const emit = (n: number) => place.emit([{ name: "paymentTaken", key: "a", payload: { orderId: "a", n } }]);
    await start();
    await place.startConsumer(place.backend, () => {}, { attemptsCount: 2 });
    await emit(1);
    await until(settled);
    const failedLooks = await breakLooks();
    await emit(2);
    await until(async () => (await failedLooks()) >= 3 || (await place.inbox()).length > 1);
    await mendLooks();
    await until(async () => (await place.inbox()).length > 1);
    expect(await place.inbox()).toMatchObject(Array(2).fill({ state: "done", attempts: 0 }));
  });
});
