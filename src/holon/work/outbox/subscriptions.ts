import { type SQL, sql } from "../../data/index.ts";
import { jsonb, rowsOf, type WorkDatabase } from "../engine/work-database.ts";

/** Who hears which events of a context. */
export interface EventSubscriber {
  readonly name: string;
  readonly events: readonly string[];
}

/** What a subscriber says that it has taken. */
export interface TakenEvent {
  readonly id: string;
  readonly position: number;
}

/** Who hears a context's events, and what they acknowledged. */
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
   * Writes down that somebody wants to hear events from now on, for ever: also while it is not running. Who is known stays where it was.
   *
   * Shape: events that a subscriber does not name any more stay subscribed; they are removed by command.
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

  /** Removes a subscriber and what it has not acknowledged. By command only. Returns whether there was one. */
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
   * Notes that a subscriber has taken events; those that all have taken are settled. What it was not sent it cannot have taken.
   *
   * The rows are locked first, by a statement of its own: two last acknowledgements at the same moment would each miss the other.
   */
  async taken(subscriber: string, events: readonly TakenEvent[]): Promise<void> {
    const sorted = [...events].sort((one, other) => one.position - other.position);
    // Positions begin anew where a database was restored; ids do not.
    const rows = sql`jsonb_to_recordset(${jsonb(sorted)}) as a (position bigint, id uuid)
      cross join lateral (select o.position from ${this.#outbox} o where o.position = a.position and o.id = a.id
        and exists (select 1 from ${this.#deliveries} d where d.position = o.position and d.subscriber = ${subscriber}) for update) o`;
    await this.#database.transaction("acknowledge", async (tx) => {
      const locked = await rowsOf<{ position: string }>(tx, sql`select o.position from ${rows}`);
      if (locked.length === 0) return;
      const positions = sql`${`{${locked.map(({ position }) => position).join(",")}}`}::bigint[]`;
      // On the way to the next one; that one tells where this one fails.
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
 * Whether somebody has not acknowledged the event `o`. A scalar over its own few rows: asked in any other way, it was seen to be planned as a join
 * with, or a look through, all that is open.
 */
function isAwaited(deliveries: SQL): SQL {
  return sql`coalesce((select bool_or(d.acknowledged_at is null) from ${deliveries} d where d.position = o.position), false)`;
}
