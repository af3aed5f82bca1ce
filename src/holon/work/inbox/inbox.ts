import { type DataTransaction, type SQL, sql, type Tables } from "../../data/index.ts";
import type { Principal } from "../../kernel/index.ts";
import { interval, jsonb, rowsOf, type WorkDatabase } from "../engine/work-database.ts";
import type { EventMessage } from "./event-message.ts";

/** What became of an event at this context. */
export type InboxState = "done" | "held" | "parked" | "skipped";

/** An event as it is entered. */
export interface InboxEntry {
  readonly message: EventMessage;
  readonly state: InboxState;
  readonly reason?: string;
  /** Whether a held one may be worked off at once, by a process that can. */
  readonly isDue?: boolean;
}

/** Names the events of one producer that are handled alike. */
export interface EventName {
  readonly producer: string;
  readonly name: string;
}

/** An event that is held or parked. */
export interface WaitingEvent extends EventMessage {
  readonly producer: string;
  readonly state: InboxState;
  readonly attempts: number;
  readonly reason: string | null;
}

type Tx = DataTransaction<Tables>;

/** The statements on `holon_inbox`: which events of others a context has taken. */
export class Inbox {
  readonly #context: string;
  readonly #table: SQL;

  constructor(database: WorkDatabase) {
    this.#context = database.context;
    this.#table = database.table("holon_inbox");
  }

  /**
   * Lets one transaction at a time look at a key. Without it, an event that is found too early and its predecessor that commits at the same
   * moment would each miss the other, and nobody would ever work it off.
   */
  async lockKeys(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<void> {
    const keys = new Set(messages.flatMap(({ name, key }) => (key === null ? [] : [this.#lockOf(producer, name, key)])));
    if (keys.size === 0) return;
    // In one order for all, so that two do not wait for each other.
    await rowsOf(
      tx,
      sql`select pg_advisory_xact_lock(hashtextextended(k, 0))::text from jsonb_array_elements_text(${jsonb([...keys].sort())}) as t (k)`,
    );
  }

  /** As {@link lockKeys}, for the key of one event and without waiting. Returns false if another transaction has it. */
  async tryLockKey(tx: Tx, { producer, name, key }: WaitingEvent): Promise<boolean> {
    if (key === null) return true;
    const lock = this.#lockOf(producer, name, key);
    const [row] = await rowsOf<{ locked: boolean }>(tx, sql`select pg_try_advisory_xact_lock(hashtextextended(${lock}::text, 0)) as locked`);
    return row?.locked === true;
  }

  #lockOf(producer: string, name: string, key: string): string {
    return JSON.stringify(["holon inbox", this.#context, producer, name, key]);
  }

  /**
   * States of these events themselves and of those that they need, where they are known here; and, by {@link undecidedOf}, of keys of which an earlier event
   * waits here, for those that may have an earlier one without naming it: the producer has forgotten it.
   */
  async statesAround(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<ReadonlyMap<string, InboxState>> {
    const keyed = messages.flatMap(({ name, key, keyNumber, needs, needsSurely, position }) =>
      key === null ? [] : [{ name, key, keyNumber, needs, isUnsure: !needsSurely, position }],
    );
    if (keyed.length === 0) return new Map();
    const same = sql`i.producer = ${producer} and i.ordered_key is not null and i.name = m.name and i.ordered_key = m.key`;
    // Looked up one by one (`offset 0`): a join was seen to read all that this producer ever sent.
    const rows = await rowsOf<{ name: string; key: string; number: string | null; state: InboxState }>(
      tx,
      sql`select distinct m.name, m.key, i.number, i.state
          from jsonb_to_recordset(${jsonb(keyed)}) as m (name text, key text, "keyNumber" bigint, needs bigint, "isUnsure" boolean, position bigint)
          cross join lateral (
            (select i.key_number as number, i.state from ${this.#table} i where ${same} and i.key_number in (m."keyNumber", m.needs) offset 0)
            union all
            (select null, i.state from ${this.#table} i where m."isUnsure" and ${same} and i.state in ('held', 'parked') and i.position < m.position limit 1)
          ) i`,
    );
    return new Map(
      rows.map(({ name, key, number, state }) => [number === null ? undecidedOf(name, key) : placeOf(name, key, Number(number)), state]),
    );
  }

  /** Enters events that are not known here. Returns the ids of those: the others were taken before, and have no effect again. */
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

  /** What waits for these events is due now. Returns whether anything is. */
  async wakeSuccessors(tx: Tx, producer: string, messages: readonly EventMessage[]): Promise<boolean> {
    const keyed = messages.flatMap(({ name, key, keyNumber }) => (key === null || keyNumber === null ? [] : [{ name, key, next: keyNumber + 1 }]));
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

  /** Events are held whose predecessor is not to come any more: they are due now. Returns whether any is. */
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

  /** Held events that are due and of these names, the ones that wait longest first. */
  due(tx: Tx, names: readonly EventName[], count: number): Promise<readonly WaitingEvent[]> {
    return this.#waiting(tx, sql`state = 'held' and retry_at <= now() and ${isOneOf(names)} order by retry_at, position limit ${count}`);
  }

  /** Of the held events of other names than these, those that no earlier one of their key holds up: the oldest first. */
  unhandled(tx: Tx, handled: readonly EventName[], count: number): Promise<readonly WaitingEvent[]> {
    return this.#waiting(tx, sql`state = 'held' and retry_at is not null and not ${isOneOf(handled)} order by received_at, position limit ${count}`);
  }

  /** Takes one due event for this transaction; undefined where somebody else has it or it is over. */
  async take(tx: Tx, { producer, id }: WaitingEvent): Promise<WaitingEvent | undefined> {
    const [row] = await this.#waiting(
      tx,
      sql`producer = ${producer} and event_id = ${id} and state = 'held' and retry_at <= now() for update skip locked`,
    );
    return row;
  }

  /** Takes the event that waits for this one, of the same key, for this transaction; undefined if there is none. */
  async takeNext(tx: Tx, { producer, name, key, keyNumber }: WaitingEvent): Promise<WaitingEvent | undefined> {
    if (key === null || keyNumber === null) return undefined;
    const [row] = await this.#waiting(
      tx,
      sql`producer = ${producer} and name = ${name} and ordered_key = ${key} and ordered_key is not null and key_number = ${keyNumber + 1} and needs = ${keyNumber}
        and state = 'held' for update skip locked`,
    );
    return row;
  }

  /** Parked events, oldest first. */
  parked(tx: Tx, count: number): Promise<readonly WaitingEvent[]> {
    return this.#waiting(tx, sql`state = 'parked' order by received_at, position limit ${count}`);
  }

  /** One event that is held or parked, to look at. */
  async find(tx: Tx, id: string): Promise<WaitingEvent | undefined> {
    const [row] = await this.#waiting(tx, sql`event_id = ${id} and state in ('held', 'parked')`);
    return row;
  }

  /** One parked event, for this transaction alone. */
  async takeParked(tx: Tx, id: string): Promise<WaitingEvent | undefined> {
    const [row] = await this.#waiting(tx, sql`event_id = ${id} and state = 'parked' for update`);
    return row;
  }

  /** One event that {@link Inbox.unhandled} would list, for this transaction alone. */
  async takeUnhandled(tx: Tx, id: string, handled: readonly EventName[]): Promise<WaitingEvent | undefined> {
    const [row] = await this.#waiting(tx, sql`event_id = ${id} and state = 'held' and retry_at is not null and not ${isOneOf(handled)} for update`);
    return row;
  }

  /** Ends a waiting event: done with its effect, or skipped without. */
  async settle(tx: Tx, { producer, id }: WaitingEvent, state: "done" | "skipped"): Promise<void> {
    await rowsOf(
      tx,
      sql`update ${this.#table} set state = ${state}, payload = null, retry_at = null, settled_at = now() where producer = ${producer} and event_id = ${id}`,
    );
  }

  /** Lets an event wait for its predecessor. */
  async awaitPredecessor(tx: Tx, { producer, id }: WaitingEvent): Promise<void> {
    await rowsOf(tx, sql`update ${this.#table} set retry_at = null where producer = ${producer} and event_id = ${id}`);
  }

  /** Lets an event be looked at again later. */
  async postpone(tx: Tx, { producer, id }: WaitingEvent, ms: number): Promise<void> {
    await rowsOf(tx, sql`update ${this.#table} set retry_at = now() + ${interval(ms)} where producer = ${producer} and event_id = ${id}`);
  }

  /** Sets an event aside, with the reason. */
  async park(tx: Tx, { producer, id }: WaitingEvent, reason: string): Promise<void> {
    await rowsOf(
      tx,
      sql`update ${this.#table} set state = 'parked', reason = ${reason}, retry_at = null where producer = ${producer} and event_id = ${id}`,
    );
  }

  /** Lets a parked event be tried again, with all its attempts. */
  async release(tx: Tx, { producer, id }: WaitingEvent): Promise<void> {
    await rowsOf(tx, sql`update ${this.#table} set state = 'held', attempts = 0, retry_at = now() where producer = ${producer} and event_id = ${id}`);
  }

  /**
   * Counts a failed attempt, and says when the next one is due; parks the event after the last one. Survives the loss of any queue.
   *
   * Shape: the state that it is in now; undefined where somebody else has done it meanwhile.
   */
  async fail(
    tx: Tx,
    producer: string,
    message: EventMessage,
    failure: { readonly reason: string; readonly attempts: number; readonly firstMs: number; readonly greatestMs: number; readonly part: number },
  ): Promise<{ readonly state: InboxState; readonly attempts: number } | undefined> {
    const { reason, attempts, firstMs, greatestMs, part } = failure;
    await this.enter(tx, producer, [{ message, state: "held" }]);
    const [row] = await rowsOf<{ state: InboxState; attempts: number }>(
      tx,
      sql`update ${this.#table} set attempts = attempts + 1, reason = ${reason},
            state = case when attempts + 1 >= ${attempts} then 'parked' else 'held' end,
            retry_at = case when attempts + 1 >= ${attempts} then null
              else now() + least(${greatestMs}::double precision, ${firstMs}::double precision * power(2, least(attempts, 30))) * ${part}::double precision * interval '1 millisecond' end
          where producer = ${producer} and event_id = ${message.id} and state = 'held' returning state, attempts`,
    );
    return row;
  }

  async #waiting(tx: Tx, which: SQL): Promise<readonly WaitingEvent[]> {
    const rows = await rowsOf<WaitingEvent & { initiator: Principal | null }>(
      tx,
      sql`select producer, event_id as id, name, position, ordered_key as key, key_number as "keyNumber", needs, needs_surely as "needsSurely", payload, traceparent, initiator, state, attempts, reason
          from ${this.#table} where ${which}`,
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

function isOneOf(names: readonly EventName[]): SQL {
  return sql`(producer, name) in (select n.producer, n.name from jsonb_to_recordset(${jsonb(names)}) as n (producer text, name text))`;
}

/** Names one place in the order of one key. */
export function placeOf(name: string, key: string, number: number): string {
  return JSON.stringify([name, key, number]);
}

/** Names a key of which an event waits. */
export function undecidedOf(name: string, key: string): string {
  return JSON.stringify([name, key]);
}
