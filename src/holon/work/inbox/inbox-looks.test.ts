import { afterAll, beforeAll, expect, it } from "vitest";
import { testScope } from "../../data/database.testing.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import type { SQL } from "../../data/drizzle/sql.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import { systemClock } from "../../kernel/clock.ts";
import { ExplainingDatabase } from "../engine/explaining-database.testing.ts";
import type { EventMessage } from "./event-message.ts";
import { type EventsPlace, openEventsPlace } from "./events.testing.ts";
import { Inbox } from "./inbox.ts";

let place: EventsPlace;
beforeAll(async () => {
  place = await openEventsPlace();
});
afterAll(() => place?.end());

const COUNT = 10_000;

/** Inserts rows of `holon_inbox`. `from` is the first number of a key. A held event has been due for a minute. */
async function events(count: number, name: string, state: string, key: string | null = null, from = 0): Promise<void> {
  await place.sql`insert into orders.holon_inbox (producer, event_id, name, position, ordered_key, key_number, state, payload, initiator, needs_surely, retry_at)
    select 'payments', gen_random_uuid(), ${name}, ${from} + n, ${key}::text, case when ${key}::text is not null then ${from} + n end, ${state}, '{}',
      '{"kind":"anonymous"}', false, case when ${state} = 'held' then now() - interval '1 minute' end
    from generate_series(1, ${count}::int) n`;
}

function message(key: string, keyNumber: number): EventMessage {
  const sent = { id: crypto.randomUUID(), name: "paymentTaken", payload: {}, traceparent: null, initiator: { kind: "anonymous" } } as const;
  return { ...sent, position: 2 * COUNT, key, keyNumber, needs: null, needsSurely: false };
}

it("the queries for held events read only what they find, however many are done, or held for a version that has their handlers", async () => {
  await events(COUNT, "unheardOf", "held");
  await events(COUNT, "unheardOf", "held", "hot");
  await events(COUNT, "paymentTaken", "done", "hot");
  await events(100, "paymentTaken", "held", "other");
  await events(20, "paymentNoted", "held");
  await place.sql`vacuum analyze orders.holon_inbox`;
  const database = new ExplainingDatabase(place.orders, systemClock);
  const inbox = new Inbox(database);
  const tx = { db: { execute: (statement: SQL) => database.rows("look", statement) } } as unknown as DataTransaction<Tables>;
  const names = ["paymentTaken", "paymentNoted", "never"].map((name) => ({ producer: "payments", name }));
  await inbox.due(tx, names, 10);
  await inbox.statesAround(tx, "payments", [message("hot", COUNT + 1), message("other", 200), message("cold", 1)]);
  expect(database.takeReadInVain()).toEqual([0, 0]);
  const [due, around] = database.takeRead();
  // `due` reads at most ten rows of each name; `statesAround` reads at most two for each of the three messages.
  expect(due).toBeLessThanOrEqual(30);
  expect(around).toBeLessThanOrEqual(6);
});

it("the query for due events takes those of each name in turn, however many there are of one", async () => {
  await place.sql`truncate orders.holon_inbox`;
  await events(30, "paymentTaken", "held");
  await events(3, "paymentNoted", "held", null, 100);
  const names = ["paymentTaken", "paymentNoted"].map((name) => ({ producer: "payments", name }));
  const found = await place.orders.transaction(testScope(), (tx) => new Inbox(new ExplainingDatabase(place.orders, systemClock)).due(tx, names, 8));
  expect(found.map(({ name, position }) => `${name} ${position}`)).toEqual([
    "paymentTaken 1",
    "paymentNoted 101",
    "paymentTaken 2",
    "paymentNoted 102",
    "paymentTaken 3",
    "paymentNoted 103",
    "paymentTaken 4",
    "paymentTaken 5",
  ]);
});
