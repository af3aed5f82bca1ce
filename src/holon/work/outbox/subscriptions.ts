import { type SQL, sql } from "../../data/index.ts";
import { jsonb, rowsOf, type WorkDatabase } from "./work-database.ts";

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

  /** Removes a subscriber and what it has not acknowledged. By command only. */
  async unsubscribe(name: string): Promise<void> {
    await this.#database.transaction("unsubscribe", async (tx) => {
      await rowsOf(tx, sql`delete from ${this.#subscribers} where subscriber = ${name}`);
      const gone = await rowsOf<{ position: string }>(
        tx,
        sql`delete from ${this.#deliveries} where subscriber = ${name} and acknowledged_at is null returning position`,
      );
      await rowsOf(tx, this.#settle(sql`${`{${gone.map(({ position }) => position).join(",")}}`}::bigint[]`));
    });
  }

  /**
   * Notes that a subscriber has taken events; those that all have taken are settled.
   *
   * The rows are locked first: two last acknowledgements at the same moment would each miss the other.
   */
  async taken(subscriber: string, events: readonly TakenEvent[]): Promise<void> {
    const acknowledged = sql`jsonb_to_recordset(${jsonb(events)}) as a (position bigint, id uuid)`;
    await this.#database.transaction("acknowledge", async (tx) => {
      // Positions begin anew where a database was restored; ids do not.
      const rows = await rowsOf<{ position: string }>(
        tx,
        sql`select o.position from ${this.#outbox} o join ${acknowledged} on o.position = a.position and o.id = a.id order by o.position for update of o`,
      );
      if (rows.length === 0) return;
      const positions = sql`${`{${rows.map(({ position }) => position).join(",")}}`}::bigint[]`;
      await rowsOf(
        tx,
        sql`update ${this.#deliveries} set acknowledged_at = now() where subscriber = ${subscriber} and position = any(${positions}) and acknowledged_at is null`,
      );
      await rowsOf(tx, this.#settle(positions));
    });
  }

  #settle(positions: SQL): SQL {
    // A scalar, which is looked up row by row: a `not exists` was seen to be planned as a join with all that is open.
    return sql`update ${this.#outbox} o set settled_at = now() where position = any(${positions}) and settled_at is null
      and (select d.position from ${this.#deliveries} d where d.position = o.position and d.acknowledged_at is null limit 1) is null`;
  }
}
