import { type SQL, sql } from "../../data/drizzle/sql.ts";
import type { BackoffBounds } from "../../kernel/backoff.ts";
import type { Principal } from "../../kernel/principal.ts";
import { interval, type WorkDatabase } from "../engine/work-database.ts";

/** A row of the outbox that this publisher has leased. */
export interface LeasedRow {
  readonly id: string;
  readonly position: number;
  readonly kind: "event" | "job";
  readonly name: string;
  readonly key: string | null;
  readonly keyNumber: number | null;
  readonly payload: unknown;
  readonly bytes: number;
  readonly options: object | null;
  readonly traceparent: string | null;
  readonly initiator: Principal;
  /** Position of the event before this one in its key; null if the outbox has no row of such an event. */
  readonly previousPosition: number | null;
  /** Whether the subscriber has acknowledged the event before this one. Always false in the rows of {@link OutboxLease.take}: it is not looked up for them. */
  readonly isPreviousTaken: boolean;
  /** Its subscribers; for events only. */
  readonly subscribers: readonly { readonly name: string; readonly afterPosition: number }[];
}

/** A count of rows of one kind. */
interface KindCount {
  readonly kind: string;
  readonly count: number;
}

/** A request for rows: for which publisher, of which kinds, how many, and for how long. */
interface LeaseRequest {
  readonly publisher: string;
  readonly kinds: readonly string[];
  readonly count: number;
  readonly leaseMs: number;
  readonly leftOut: LeftOut;
}

/** Rows that a publisher does not take for now: all rows up to a position, and single rows. */
export interface LeftOut {
  readonly upTo: number;
  readonly positions: readonly number[];
}

/** The statements with which a publisher takes rows of the outbox and writes their outcome. */
export class OutboxLease {
  readonly #database: WorkDatabase;
  readonly #outbox: SQL;
  readonly #subscribers: SQL;
  readonly #deliveries: SQL;

  constructor(database: WorkDatabase) {
    this.#database = database;
    this.#outbox = database.table("holon_outbox");
    this.#subscribers = database.table("holon_subscribers");
    this.#deliveries = database.table("holon_deliveries");
  }

  /**
   * Takes rows that were not sent, oldest first, and records which subscribers must acknowledge each event.
   *
   * Each take searches all unsent rows and uses no cursor, so it also finds the rows of a transaction that took its positions early and committed late.
   * Guarantee: no two publishers have leased the same row at the same time. After a crash a row can be taken again when its lease ends.
   *
   * The positions that are left out are given as a subquery, because Postgres hashes it in each plan. An array parameter would be searched from its start for
   * each row.
   */
  async take({ publisher, kinds, count, leaseMs, leftOut }: LeaseRequest): Promise<readonly LeasedRow[]> {
    const rows = await this.#database.rows<LeasedRow>(
      "take from the outbox",
      sql`with picked as (
          select position from ${this.#outbox}
          where settled_at is null and sent_count = 0 and position > ${leftOut.upTo} and kind = any(string_to_array(${kinds.join(",")}, ','))
            and (leased_until is null or leased_until < now()) and position not in (select unnest(${array(leftOut.positions)}))
          order by position limit ${count} for update skip locked
        ), leased as (
          update ${this.#outbox} o set leased_by = ${publisher}, leased_until = now() + ${interval(leaseMs)} from picked where o.position = picked.position
          returning o.*
        ), told as (
          insert into ${this.#deliveries} (position, subscriber)
          select l.position, s.subscriber from leased l join ${this.#subscribers} s on l.kind = 'event' and s.event = l.name and s.after_position < l.position
          on conflict do nothing
        )
        ${this.#select(
          sql`select json_agg(json_build_object('name', s.subscriber, 'afterPosition', s.after_position))
            from ${this.#subscribers} s where l.kind = 'event' and s.event = l.name and s.after_position < l.position`,
          sql`false`,
        )}`,
    );
    return rows.map(toRow);
  }

  /** Takes events that one subscriber has not acknowledged in time. Each is sent to that subscriber only. */
  async takeOverdue(subscriber: string, count: number, waits: BackoffBounds): Promise<readonly LeasedRow[]> {
    const rows = await this.#database.rows<LeasedRow>(
      "take overdue events",
      sql`with picked as (
          select position, subscriber from ${this.#deliveries}
          where ${isOverdue(waits)} and subscriber = ${subscriber}
          order by position limit ${count} for update skip locked
        ), again as (
          update ${this.#deliveries} d set sent_at = now(), sent_count = d.sent_count + 1 from picked
          where d.position = picked.position and d.subscriber = picked.subscriber returning d.position, d.subscriber
        ), leased as (
          select * from ${this.#outbox} where position in (select position from again)
        )
        ${this.#selectAgain(subscriber)}`,
    );
    return rows.map(toRow);
  }

  /** Takes events for which the queue of one subscriber had no room, the oldest first, and records that they are sent. */
  async takeWaiting(subscriber: string, count: number): Promise<readonly LeasedRow[]> {
    const rows = await this.#database.rows<LeasedRow>(
      "take events that waited for a queue",
      sql`with picked as (
          select position from ${this.#deliveries} where subscriber = ${subscriber} and ${IS_WAITING}
          order by position limit ${count} for update skip locked
        ), again as (
          update ${this.#deliveries} d set sent_at = now(), sent_count = 1 from picked
          where d.position = picked.position and d.subscriber = ${subscriber} returning d.position, d.subscriber
        ), leased as (
          select * from ${this.#outbox} where position in (select position from again)
        )
        ${this.#selectAgain(subscriber)}`,
    );
    return rows.map(toRow);
  }

  /** Lets events that a queue did not take wait again. */
  async putBack(subscriber: string, positions: readonly number[]): Promise<void> {
    await this.#database.rows(
      "put events back that a queue did not take",
      sql`update ${this.#deliveries} set sent_count = 0, sent_at = now() + interval '1 day' where subscriber = ${subscriber} and position = any(${array(positions)}) and sent_count = 1`,
    );
  }

  /** Subscribers with events that wait for room on their queue. */
  async subscribersBehind(): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ subscriber: string }>(
      "look for subscribers that are behind",
      sql`select s.subscriber from (select distinct subscriber from ${this.#subscribers}) s
        where exists (select 1 from ${this.#deliveries} d where d.subscriber = s.subscriber and ${IS_WAITING})`,
    );
    return rows.map(({ subscriber }) => subscriber);
  }

  /** Subscribers that have not acknowledged in time. */
  async overdueSubscribers(waits: BackoffBounds): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ subscriber: string }>(
      "look for overdue events",
      sql`select distinct subscriber from ${this.#deliveries} where ${isOverdue(waits)}`,
    );
    return rows.map(({ subscriber }) => subscriber);
  }

  /**
   * Records that the queues have these events: from now on acknowledgements are due. For subscribers that are behind, the events wait instead. An event without
   * subscribers is settled.
   *
   * A waiting delivery has a count of 0: the index of sent deliveries does not contain it, and looks for overdue events do not read it. Its `sent_at` is one
   * day from now: a publisher of an earlier version, which does not know a count of 0, takes the delivery for a sent one, and sends it when that day is over.
   */
  async sent(positions: readonly number[], behind: readonly string[]): Promise<void> {
    await this.#database.rows(
      "mark events as sent",
      // This is a scalar subquery, because `exists` was seen to be answered by reading the whole table.
      sql`with sent as (
          update ${this.#deliveries} set
            sent_at = case when ${isNamed(behind)} then now() + interval '1 day' else now() end,
            sent_count = case when ${isNamed(behind)} then 0 else sent_count + 1 end
          where position = any(${array(positions)}) and sent_at is null returning position
        )
        update ${this.#outbox} o set sent_count = o.sent_count + 1, leased_until = null,
          settled_at = case when (select count(*) from ${this.#deliveries} d where d.position = o.position) > 0 then o.settled_at else now() end
        where position = any(${array(positions)})`,
    );
  }

  /** Kinds that no publisher of this version takes, with their counts among the oldest unsent rows. */
  unknownKinds(known: readonly string[], count: number): Promise<readonly KindCount[]> {
    return this.#database.rows<KindCount>(
      "look for unknown kinds in the outbox",
      sql`with unsent as (select kind from ${this.#outbox} where settled_at is null and sent_count = 0 order by position limit ${count})
        select kind, count(*)::int as count from unsent where kind <> all(string_to_array(${known.join(",")}, ',')) group by kind`,
    );
  }

  /** Gives back rows that could not be sent: any publisher may take them at once. Rows that another publisher has taken since are left alone. */
  async giveBack(publisher: string, positions: readonly number[]): Promise<void> {
    await this.#database.rows(
      "give back to the outbox",
      sql`update ${this.#outbox} set leased_until = null where position = any(${array(positions)}) and settled_at is null and leased_by = ${publisher}`,
    );
  }

  #selectAgain(subscriber: string): SQL {
    return this.#select(
      sql`select json_agg(json_build_object('name', a.subscriber, 'afterPosition', coalesce(s.after_position, 0)))
        from again a left join ${this.#subscribers} s on s.subscriber = a.subscriber and s.event = l.name where a.position = l.position`,
      // A settled event has been acknowledged by all its subscribers.
      sql`(p.settled_at is not null or exists (select 1 from ${this.#deliveries} d where d.position = p.position and d.subscriber = ${subscriber} and d.acknowledged_at is not null))`,
    );
  }

  #select(subscribers: SQL, isPreviousTaken: SQL): SQL {
    return sql`select l.id, l.position, l.kind, l.name, l.ordered_key as key, l.key_number as "keyNumber", l.payload, octet_length(l.payload::text) as bytes,
        l.options, l.traceparent, l.initiator, p.position as "previousPosition",
        ${isPreviousTaken} as "isPreviousTaken", (${subscribers}) as subscribers
      from leased l
      left join ${this.#outbox} p on l.ordered_key is not null and p.name = l.name and p.ordered_key = l.ordered_key and p.key_number = l.key_number - 1
      order by l.position`;
  }
}

/**
 * Whether a delivery is overdue. It waits for its acknowledgement for `firstMs` after it was sent the first time, twice as long after each further time, and
 * `greatestMs` at most. The power is bounded, because an event that is never acknowledged is sent for ever. An index contains the deliveries that were sent and
 * are not acknowledged, and no others.
 */
function isOverdue({ firstMs, greatestMs }: BackoffBounds): SQL {
  const waited = sql`least(${interval(greatestMs)}, ${interval(firstMs)} * power(2, least(sent_count, 20) - 1))`;
  return sql`acknowledged_at is null and sent_count > 0 and sent_at < now() - ${waited}`;
}

/** A delivery that waits for room on its subscriber's queue. An index contains these and no others. */
const IS_WAITING = sql`acknowledged_at is null and sent_count = 0 and sent_at is not null`;

function isNamed(subscribers: readonly string[]): SQL {
  return sql`subscriber = any(string_to_array(${subscribers.join(",")}, ','))`;
}

/** The database's numbers come as text, because they may be larger than a safe integer. Positions are not that large. */
function toRow(row: LeasedRow): LeasedRow {
  const number = (value: number | null): number | null => (value === null ? null : Number(value));
  return {
    ...row,
    position: Number(row.position),
    keyNumber: number(row.keyNumber),
    previousPosition: number(row.previousPosition),
    subscribers: row.subscribers ?? [],
  };
}

function array(positions: readonly number[]): SQL {
  return sql`${`{${positions.join(",")}}`}::bigint[]`;
}
