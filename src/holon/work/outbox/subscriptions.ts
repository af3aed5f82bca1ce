import { type SQL, sql } from "../../data/drizzle/sql.ts";
import { jsonb, rowsOf, type WorkDatabase } from "../engine/work-database.ts";

/** A subscriber, and the events of a context that it subscribes to. */
export interface EventSubscriber {
  readonly name: string;
  readonly events: readonly string[];
}

/** An event that a subscriber has acknowledged. */
export interface TakenEvent {
  readonly id: string;
  readonly position: number;
}

/** The subscribers of a context's events, and their acknowledgements. */
export class Subscriptions {
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
   * Subscribes contexts to events from now on, for ever, also while they are not running. A subscription that exists keeps its position.
   *
   * An event that a subscriber does not name any more stays subscribed, until a command of an operator removes the subscriber.
   */
  async subscribe(subscribers: readonly EventSubscriber[]): Promise<void> {
    const wanted = subscribers.flatMap(({ name, events }) => events.map((event) => ({ subscriber: name, event })));
    if (wanted.length === 0) return;
    await this.#database.rows(
      "subscribe",
      sql`insert into ${this.#subscribers} (subscriber, event, after_position)
          select w.subscriber, w.event, coalesce((select max(position) from ${this.#outbox}), 0)
          from jsonb_to_recordset(${jsonb(wanted)}) as w (subscriber text, event text) on conflict do nothing`,
    );
  }

  /** Removes a subscriber and the deliveries that it has not acknowledged. Only a command of an operator does this. Returns whether the subscriber existed. */
  async unsubscribe(name: string): Promise<boolean> {
    return this.#database.transaction("unsubscribe", async (tx) => {
      const removed = await rowsOf(tx, sql`delete from ${this.#subscribers} where subscriber = ${name} returning 1`);
      const gone = await rowsOf<{ position: string }>(
        tx,
        sql`delete from ${this.#deliveries} where subscriber = ${name} and acknowledged_at is null returning position`,
      );
      await rowsOf(tx, this.#settle(sql`${`{${gone.map(({ position }) => position).join(",")}}`}::bigint[]`));
      return removed.length > 0;
    });
  }

  /**
   * Records that a subscriber has taken events. Events that all subscribers have taken are settled. Events that were not sent to this subscriber are ignored.
   *
   * The rows are locked first, by a separate statement. Otherwise the last two acknowledgements of an event, at the same moment, would each miss the other, and
   * the event would not be settled.
   */
  async taken(subscriber: string, events: readonly TakenEvent[]): Promise<void> {
    const sorted = [...events].sort((one, other) => one.position - other.position);
    // Both position and id must fit: positions start again when a database is restored, ids do not.
    const rows = sql`jsonb_to_recordset(${jsonb(sorted)}) as a (position bigint, id uuid)
      cross join lateral (select o.position from ${this.#outbox} o where o.position = a.position and o.id = a.id
        and exists (select 1 from ${this.#deliveries} d where d.position = o.position and d.subscriber = ${subscriber}) for update) o`;
    await this.#database.transaction("acknowledge", async (tx) => {
      const locked = await rowsOf<{ position: string }>(tx, sql`select o.position from ${rows}`);
      if (locked.length === 0) return;
      const positions = sql`${`{${locked.map(({ position }) => position).join(",")}}`}::bigint[]`;
      // Sent together with the next statement, which fails if this one does.
      const noted = rowsOf(
        tx,
        sql`update ${this.#deliveries} set acknowledged_at = now() where subscriber = ${subscriber} and position = any(${positions}) and acknowledged_at is null`,
      );
      await Promise.all([noted, rowsOf(tx, this.#settle(positions))]);
    });
  }

  #settle(positions: SQL): SQL {
    return sql`update ${this.#outbox} o set settled_at = now() where position = any(${positions}) and settled_at is null and not ${isAwaited(this.#deliveries)}`;
  }
}

/**
 * Whether any subscriber has not acknowledged the event `o`. This is a scalar subquery over the few rows of that event. In any other form, Postgres was seen to
 * plan it as a join with, or a scan of, all open deliveries.
 */
function isAwaited(deliveries: SQL): SQL {
  return sql`coalesce((select bool_or(d.acknowledged_at is null) from ${deliveries} d where d.position = o.position), false)`;
}
