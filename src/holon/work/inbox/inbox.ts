import type { Tables } from "../../data/drizzle/database.ts";
import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import type { Principal } from "../../kernel/principal.ts";
import { interval, jsonb, rowsOf, uuids, type WorkDatabase } from "../engine/work-database.ts";
import type { EventMessage, EventName } from "./event-message.ts";
import type { FailedAttempt } from "./failed-attempt.ts";

/** The state of an event at this context. */
export type InboxState = "done" | "held" | "parked" | "skipped";

/** An event as it is entered into the inbox. */
export interface InboxEntry {
  readonly message: EventMessage;
  readonly state: InboxState;
  readonly reason?: string;
  /** Whether a held event may be worked off at once, by a process that has its handler. */
  readonly isDue?: boolean;
}

/** An event that is held or parked. */
export interface WaitingEvent extends EventMessage {
  readonly producer: string;
  readonly state: InboxState;
  readonly attempts: number;
  readonly reason: string | null;
}

/**
 * A held event that needs an operator's decision. `handler`: this version has no handler for the event. A version that has one handles it without a decision.
 * `arrival`: the event before it in its key, which has the number `needs`, has not come.
 */
export interface StrandedEvent extends Pick<EventMessage, "id" | "name" | "key" | "needs"> {
  readonly producer: string;
  readonly waitsFor: "handler" | "arrival";
}

/** After an event has waited this long for the event before it, it needs a decision: events that only came in the wrong order have arrived by then. */
const ARRIVAL_MS = 60_000;

/** Most events of one state that a look for stranded events reads. */
const LOOKED_COUNT = 10_000;
const STRANDED_COLUMNS = sql`producer, event_id, name, position, ordered_key, needs, state, received_at, retry_at`;

type Tx = DataTransaction<Tables>;

/**
 * The statements on `holon_inbox`, the table of events that a context has taken from others.
 *
 * I1. A transaction locks a key before it decides whether it is the turn of one of the key's events (`lockKeys`, `tryLockKeys`, `take`).
 * I2. A held event without `retry_at` waits for another event. The transaction that ends the wait makes the event due (`wakeSuccessors`, `stopWaiting`).
 * I3. An event has one row. If it is entered again, the row does not change, so there is no second effect. An event that is done or skipped is not held again.
 */
export class Inbox {
  readonly #context: string;
  readonly #table: SQL;

  constructor(database: WorkDatabase) {
    this.#context = database.context;
    this.#table = database.table("holon_inbox");
  }

  /**
   * Locks keys, so that one transaction at a time looks at a key (I1). Without the lock, an event that comes too early and its predecessor that commits at the
   * same moment could each miss the other, and the event would never be worked off.
   */
  async lockKeys(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<void> {
    const keys = new Set(messages.flatMap(({ name, key }) => (key === null ? [] : [this.#lockOf(producer, name, key)])));
    if (keys.size === 0) return;
    // All transactions lock in one order, so that no two wait for each other.
    await rowsOf(
      tx,
      sql`select pg_advisory_xact_lock(hashtextextended(k, 0))::text from jsonb_array_elements_text(${jsonb([...keys].sort())}) as t (k)`,
    );
  }

  /** Like {@link lockKeys}, without waiting. Returns the events whose key no other transaction has locked, in their order. */
  async tryLockKeys<Event extends EventMessage>(tx: Tx, producer: string, events: readonly Event[]): Promise<readonly Event[]> {
    const locks = new Set(events.flatMap(({ name, key }) => (key === null ? [] : [this.#lockOf(producer, name, key)])));
    const rows = await rowsOf<{ lock: string; locked: boolean }>(
      tx,
      sql`select k as lock, pg_try_advisory_xact_lock(hashtextextended(k, 0)) as locked from jsonb_array_elements_text(${jsonb([...locks])}) as t (k)`,
    );
    const locked = new Set(rows.flatMap((row) => (row.locked ? [row.lock] : [])));
    return events.filter(({ name, key }) => key === null || locked.has(this.#lockOf(producer, name, key)));
  }

  #lockOf(producer: string, name: string, key: string): string {
    return JSON.stringify(["holon inbox", this.#context, producer, name, key]);
  }

  /**
   * The states of these events and of those that they need, as far as they are known here. If `needsSurely` is false, the producer may have forgotten the
   * predecessor of an event and not name it. Then the map has an entry under {@link undecidedOf} if an earlier event of the key waits here.
   */
  async statesAround(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<ReadonlyMap<string, InboxState>> {
    const keyed = messages.flatMap(({ name, key, keyNumber, needs, needsSurely, position }) =>
      key === null ? [] : [{ name, key, keyNumber, needs, isUnsure: !needsSurely, position }],
    );
    if (keyed.length === 0) return new Map();
    const same = sql`i.producer = ${producer} and i.ordered_key is not null and i.name = m.name and i.ordered_key = m.key`;
    // Each event is looked up alone (`offset 0`), because a join was seen to read all events that this producer ever sent.
    const rows = await rowsOf<{ name: string; key: string; number: string | null; at: string; state: InboxState }>(
      tx,
      sql`select distinct m.name, m.key, i.number, case when i.number is null then m.position end as at, i.state
          from jsonb_to_recordset(${jsonb(keyed)}) as m (name text, key text, "keyNumber" bigint, needs bigint, "isUnsure" boolean, position bigint)
          cross join lateral (
            (select i.key_number as number, i.state from ${this.#table} i where ${same} and i.key_number in (m."keyNumber", m.needs) offset 0)
            union all
            (select null, i.state from ${this.#table} i where m."isUnsure" and ${same} and i.state in ('held', 'parked') and i.position < m.position limit 1)
          ) i`,
    );
    return new Map(
      rows.map(({ name, key, number: n, at, state }) => [n === null ? undecidedOf(name, key, Number(at)) : placeOf(name, key, Number(n)), state]),
    );
  }

  /** Enters events that are not known here. Returns their ids. The other events were taken before, and have no effect again (I3). */
  async enter(tx: Tx, producer: string, entries: readonly InboxEntry[]): Promise<ReadonlySet<string>> {
    if (entries.length === 0) return new Set();
    const records = entries.map(({ message: { payload, ...message }, state, reason, isDue }) => ({
      ...message,
      state,
      isDue: isDue === true,
      reason: reason ?? null,
      payload: state === "done" ? null : payload,
    }));
    const rows = await rowsOf<{ id: string }>(
      tx,
      sql`insert into ${this.#table} (producer, event_id, name, position, ordered_key, key_number, state, payload, reason, traceparent, initiator, needs, needs_surely, settled_at, retry_at)
          select ${producer}, r.id, r.name, r.position, r.key, r."keyNumber", r.state, r.payload, r.reason, r.traceparent, r.initiator, r.needs, r."needsSurely", case when r.state = 'done' then now() end, case when r."isDue" then now() end
          from jsonb_to_recordset(${jsonb(records)}) as r (id uuid, name text, position bigint, key text, "keyNumber" bigint, state text, payload jsonb, reason text,
            traceparent text, initiator jsonb, needs bigint, "needsSurely" boolean, "isDue" boolean)
          on conflict do nothing returning event_id as id`,
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Removes events that were entered in this transaction. */
  async remove(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<void> {
    await rowsOf(tx, sql`delete from ${this.#table} where producer = ${producer} and event_id = any(${uuids(messages.map(({ id }) => id))})`);
  }

  /** Makes the events due that wait right behind these in their keys (I2). Returns whether there are any. */
  async wakeSuccessors(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<boolean> {
    const keyed = nextPlaces(messages);
    if (keyed.length === 0) return false;
    const rows = await rowsOf(
      tx,
      sql`update ${this.#table} i set retry_at = now() from jsonb_to_recordset(${jsonb(keyed)}) as m (name text, key text, next bigint) cross join lateral (
            select event_id from ${this.#table} h where h.producer = ${producer} and h.name = m.name and h.ordered_key = m.key and h.ordered_key is not null
              and h.key_number = m.next offset 0
          ) h
          where i.producer = ${producer} and i.event_id = h.event_id and i.state = 'held' and i.retry_at is null returning i.event_id`,
    );
    return rows.length > 0;
  }

  /** Makes held events due whose predecessor will not come any more, or which an operator has released from waiting (I2). Returns whether there are any. */
  async stopWaiting(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<boolean> {
    if (messages.length === 0) return false;
    const rows = await rowsOf(
      tx,
      sql`update ${this.#table} set retry_at = now(), needs_surely = false
          where producer = ${producer} and event_id in (select id from jsonb_to_recordset(${jsonb(messages.map(({ id }) => ({ id })))}) as m (id uuid))
            and state = 'held' and retry_at is null returning event_id`,
    );
    return rows.length > 0;
  }

  /** Held events of these names that are due. The names take turns: the longest waiting event of each name, then the second one of each, and so on. */
  due(tx: Tx, names: readonly EventName[], count: number): Promise<readonly WaitingEvent[]> {
    // Each name is read by itself, in the order of the index: other names may have millions of held events without a handler here, and those are not read.
    const ofName = sql`select i.*, row_number() over (order by i.retry_at, i.position) as turn from ${this.#table} i
      where i.producer = n.producer and i.name = n.name and i.state = 'held' and i.retry_at is not null and i.retry_at <= now()
      order by i.retry_at, i.position limit ${count}`;
    const due = sql`(select i.* from ${namesTable(names)} cross join lateral (${ofName}) i) due`;
    return this.#waiting(tx, sql`true order by turn, retry_at, position limit ${count}`, due);
  }

  /**
   * The stranded events, oldest first. `handled` are the names that have a handler. No stranded event has an earlier event of its key that is held or parked.
   * Only the oldest 10 000 held events and the oldest 10 000 parked events are searched. Later ones are found when these are over.
   */
  stranded(tx: Tx, handled: readonly EventName[], count: number): Promise<readonly StrandedEvent[]> {
    const oldest = (state: SQL) =>
      sql`(select ${STRANDED_COLUMNS} from ${this.#table} where state = ${state} order by received_at limit ${LOOKED_COUNT})`;
    const waiting = sql`${oldest(sql`'held'`)} union all ${oldest(sql`'parked'`)}`;
    return this.#stranded(tx, waiting, handled, sql`true order by received_at, position limit ${count}`);
  }

  /** This event as {@link Inbox.stranded} lists it, however many events wait; undefined if it is not stranded. */
  async findStranded(tx: Tx, { producer, id, name, key }: WaitingEvent, handled: readonly EventName[]): Promise<StrandedEvent | undefined> {
    const own = key === null ? sql`event_id = ${id}` : sql`name = ${name} and ordered_key = ${key} and ordered_key is not null`;
    const waiting = sql`select ${STRANDED_COLUMNS} from ${this.#table} where producer = ${producer} and state in ('held', 'parked') and ${own}`;
    const [event] = await this.#stranded(tx, waiting, handled, sql`event_id = ${id}`);
    return event;
  }

  #stranded(tx: Tx, waiting: SQL, handled: readonly EventName[], which: SQL): Promise<readonly StrandedEvent[]> {
    // The event before each one is looked up alone (`offset 0`), because a join may read the whole table.
    return rowsOf<StrandedEvent>(
      tx,
      sql`select event_id as id, producer, name, ordered_key as key, needs::double precision as needs, case when retry_at is null then 'arrival' else 'handler' end as "waitsFor"
          from (select w.*, min(position) over (partition by producer, name, ordered_key) as first_position from (${waiting}) w) i
          where state = 'held' and (ordered_key is null or position = first_position)
            and case when retry_at is not null then not ${isOneOf(handled)}
              else needs is not null and received_at < now() - ${interval(ARRIVAL_MS)} and not exists (
                select 1 from ${this.#table} n where n.producer = i.producer and n.name = i.name and n.ordered_key = i.ordered_key and n.ordered_key is not null
                  and n.key_number = i.needs offset 0) end
            and ${which}`,
    );
  }

  /** Locks due events and their keys for this transaction. Returns, in their order, the events that are still held and that no other transaction has locked. */
  async take(tx: Tx, producer: string, events: readonly WaitingEvent[]): Promise<readonly WaitingEvent[]> {
    const free = await this.tryLockKeys(tx, producer, events);
    const rows = await this.#waiting(
      tx,
      sql`producer = ${producer} and event_id = any(${uuids(free.map(({ id }) => id))}) and state = 'held' and retry_at <= now() for update skip locked`,
    );
    const taken = new Map(rows.map((row) => [row.id, row]));
    return free.flatMap(({ id }) => taken.get(id) ?? []);
  }

  /** Locks the events right behind these for this transaction, which already has their keys. An event that failed before is left out: it is tried alone. */
  async takeNext(tx: Tx, producer: string, events: readonly WaitingEvent[]): Promise<readonly WaitingEvent[]> {
    const next = nextPlaces(events);
    if (next.length === 0) return [];
    // Each event is looked up alone (`offset 0`), as in `wakeSuccessors`.
    const waiting = sql`(select i.* from jsonb_to_recordset(${jsonb(next)}) as m (name text, key text, next bigint) cross join lateral (
        select event_id from ${this.#table} h where h.producer = ${producer} and h.name = m.name and h.ordered_key = m.key and h.ordered_key is not null
          and h.key_number = m.next and h.needs = m.next - 1 offset 0
      ) h join ${this.#table} i on i.producer = ${producer} and i.event_id = h.event_id
      where i.state = 'held' and i.attempts = 0 for update of i skip locked) waiting`;
    return this.#waiting(tx, sql`true`, waiting);
  }

  /** Parked events, oldest first. */
  parked(tx: Tx, count: number): Promise<readonly WaitingEvent[]> {
    return this.#waiting(tx, sql`state = 'parked' order by received_at, position limit ${count}`);
  }

  /** One event that is held or parked, without a lock. */
  async find(tx: Tx, id: string): Promise<WaitingEvent | undefined> {
    const [row] = await this.#waiting(tx, sql`event_id = ${id} and state in ('held', 'parked')`);
    return row;
  }

  /** The same as {@link find}, with the row locked for this transaction. */
  async lock(tx: Tx, { producer, id }: WaitingEvent): Promise<WaitingEvent | undefined> {
    const [row] = await this.#waiting(tx, sql`producer = ${producer} and event_id = ${id} and state in ('held', 'parked') for update`);
    return row;
  }

  /** Ends waiting events: `done` after their effect, or `skipped` without it. */
  async settle(tx: Tx, producer: string, events: readonly WaitingEvent[], state: "done" | "skipped"): Promise<void> {
    if (events.length === 0) return;
    await rowsOf(
      tx,
      sql`update ${this.#table} set state = ${state}, payload = null, retry_at = null, settled_at = now()
          where producer = ${producer} and event_id = any(${uuids(events.map(({ id }) => id))})`,
    );
  }

  /** Makes an event wait for its predecessor. */
  async awaitPredecessor(tx: Tx, { producer, id }: WaitingEvent): Promise<void> {
    await rowsOf(tx, sql`update ${this.#table} set retry_at = null where producer = ${producer} and event_id = ${id}`);
  }

  /** Makes an event due again after a time. */
  async postpone(tx: Tx, { producer, id }: WaitingEvent, ms: number): Promise<void> {
    await rowsOf(tx, sql`update ${this.#table} set retry_at = now() + ${interval(ms)} where producer = ${producer} and event_id = ${id}`);
  }

  /** Parks an event, with the reason. */
  async park(tx: Tx, { producer, id }: WaitingEvent, reason: string): Promise<void> {
    await rowsOf(
      tx,
      sql`update ${this.#table} set state = 'parked', reason = ${reason}, retry_at = null where producer = ${producer} and event_id = ${id}`,
    );
  }

  /** Makes a parked event due, and sets its attempts to 0. */
  async release(tx: Tx, { producer, id }: WaitingEvent): Promise<void> {
    await rowsOf(tx, sql`update ${this.#table} set state = 'held', attempts = 0, retry_at = now() where producer = ${producer} and event_id = ${id}`);
  }

  /** Notes a failed attempt. Sets the time of the next one, or parks the event after the last one. Shape: undefined if the event is not held any more. */
  async fail(
    tx: Tx,
    producer: string,
    message: EventMessage,
    { reason, counted, last, firstMs, greatestMs, part }: FailedAttempt,
  ): Promise<{ readonly state: InboxState; readonly attempts: number } | undefined> {
    await this.enter(tx, producer, [{ message, state: "held" }]);
    const [row] = await rowsOf<{ state: InboxState; attempts: number }>(
      tx,
      sql`update ${this.#table} set attempts = attempts + ${counted}, reason = ${reason},
            state = case when ${counted} = 1 and attempts + 1 >= ${last}::int then 'parked' else 'held' end,
            retry_at = case when ${counted} = 1 and attempts + 1 >= ${last}::int then null
              else now() + least(${greatestMs}::double precision, ${firstMs}::double precision * power(2, least(attempts, 30))) * ${part}::double precision * interval '1 millisecond' end
          where producer = ${producer} and event_id = ${message.id} and state = 'held' returning state, attempts`,
    );
    return row;
  }

  async #waiting(tx: Tx, which: SQL, from = this.#table): Promise<readonly WaitingEvent[]> {
    const rows = await rowsOf<WaitingEvent & { initiator: Principal | null }>(
      tx,
      sql`select producer, event_id as id, name, position, ordered_key as key, key_number as "keyNumber", needs, needs_surely as "needsSurely", payload, traceparent, initiator, state, attempts, reason
          from ${from} where ${which}`,
    );
    const number = (value: number | null): number | null => (value === null ? null : Number(value));
    return rows.map((row) => ({
      ...row,
      position: Number(row.position),
      keyNumber: number(row.keyNumber),
      needs: number(row.needs),
      initiator: row.initiator ?? { kind: "anonymous" },
    }));
  }
}

function namesTable(names: readonly EventName[]): SQL {
  return sql`jsonb_to_recordset(${jsonb(names)}) as n (producer text, name text)`;
}

/** The places right behind these events, in the order of their keys. */
function nextPlaces(messages: readonly EventMessage[]): { readonly name: string; readonly key: string; readonly next: number }[] {
  return messages.flatMap(({ name, key, keyNumber }) => (key === null || keyNumber === null ? [] : [{ name, key, next: keyNumber + 1 }]));
}

function isOneOf(names: readonly EventName[]): SQL {
  return sql`(producer, name) in (select n.producer, n.name from ${namesTable(names)})`;
}

/** Identifies one place in the order of one key. */
export function placeOf(name: string, key: string, number: number): string {
  return JSON.stringify([name, key, number]);
}

/** Identifies an event by its key and position. This is for events behind an earlier event of their key that waits. */
export function undecidedOf(name: string, key: string, position: number): string {
  return JSON.stringify([name, key, "position", position]);
}
