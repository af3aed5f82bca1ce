import type { ContextData } from "../../data/context-data.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import { quoteIdentifier } from "../../data/identifier.ts";
import type { Clock } from "../../kernel/clock.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import type { EventPlace } from "./event-place.ts";
import type { Gap } from "./position-order.ts";

/** The part of a context's data that watchers use. */
export type WatchData = Pick<ContextData<Tables>, "context" | "statement" | "transaction" | "listenAppended">;

/** A row of the outbox, as watchers need it. Rows that are not events are included because of their positions. */
export interface OutboxEvent {
  readonly position: number;
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly key: string | null;
  readonly keyNumber: number | null;
  readonly payload: unknown;
}

/** The events that a watcher wants. */
export interface EventFilter {
  readonly name: string;
  /** Undefined for all keys. */
  readonly key: string | undefined;
}

/** What the tables say about a place to resume from. */
interface Remains {
  /** The highest position of an event of this name that was removed. */
  readonly removed: number | undefined;
  /** Id of the row at this position. */
  readonly rowId: string | undefined;
  /** The highest position that was ever taken. */
  readonly last: number;
  /** The last number of the key. */
  readonly lastNumber: number | undefined;
  /** Whether the outbox has the next event of the key. */
  readonly hasNext: boolean;
}

const COLUMNS = "position, id, kind, name, ordered_key as key, key_number as \"keyNumber\", case when kind = 'event' then payload end as payload";

type RawRow = Readonly<Record<string, unknown>>;

/** The statements with which watchers read the outbox of their context. */
export class OutboxReader {
  readonly #database: WorkDatabase<WatchData>;
  readonly #schema: string;

  constructor(data: WatchData, clock: Clock) {
    this.#database = new WorkDatabase(data, clock);
    this.#schema = quoteIdentifier(data.context);
  }

  /** The end of the outbox now, and the positions below it that have no row. Searches the last `lookBackCount` rows. */
  async end(lookBackCount: number): Promise<{ readonly position: number; readonly gaps: readonly Gap[] }> {
    const rows = await this.#rows(
      `with last as (select position from ${this.#schema}.holon_outbox order by position desc limit $1::int),
        steps as (select position, coalesce(lag(position) over (order by position), case when count(*) over () < $1::int then 0 else position - 1 end) as before from last)
      select before + 1 as "from", position - 1 as "to" from steps where before < position - 1
      union all select null, coalesce(max(position), 0) from last order by 1 nulls last`,
      [lookBackCount],
    );
    const gaps = rows.slice(0, -1).map(({ from, to }) => ({ from: Number(from), to: Number(to), writers: undefined }));
    return { position: Number(rows.at(-1)?.["to"] ?? 0), gaps };
  }

  /** Rows after a position, the lowest first, and all rows in the gaps. */
  async beyond(position: number, gaps: readonly Gap[], count: number): Promise<{ readonly rows: readonly OutboxEvent[]; readonly full: boolean }> {
    const beyond = `(select ${COLUMNS} from ${this.#schema}.holon_outbox where position > $1::bigint order by position limit $2::int)`;
    const rows =
      gaps.length === 0
        ? await this.#rows(beyond, [position, count])
        : await this.#rows(
            `${beyond} union all (select ${COLUMNS} from unnest($3::text::bigint[], $4::text::bigint[]) as g (f, t)
              join ${this.#schema}.holon_outbox on position between g.f and g.t)`,
            [position, count, array(gaps.map(({ from }) => from)), array(gaps.map(({ to }) => to))],
          );
    const events = rows.map(toEvent);
    return { rows: events, full: events.filter((event) => event.position > position).length >= count };
  }

  /** Transactions that have written to the outbox and are not over. */
  async writers(): Promise<ReadonlySet<string>> {
    const rows = await this.#rows(
      `select virtualtransaction as writer from pg_locks where locktype = 'relation' and mode = 'RowExclusiveLock' and relation = $1::text::regclass
        and database = (select oid from pg_database where datname = current_database())`,
      [`${this.#schema}.holon_outbox`],
    );
    return new Set(rows.map(({ writer }) => String(writer)));
  }

  /** Events for one watcher, after one position and up to another one, in order. */
  async between({ name, key }: EventFilter, after: number, upTo: number, count: number): Promise<readonly OutboxEvent[]> {
    const keyed = key === undefined ? "" : " and ordered_key = $5::text";
    const rows = await this.#rows(
      // The numbers of a key rise with its positions, and have an index together with the key.
      `select ${COLUMNS} from ${this.#schema}.holon_outbox where kind = 'event' and name = $1::text and position > $2::bigint and position <= $3::bigint${keyed}
        order by ${key === undefined ? "position" : "key_number"} limit $4::int`,
      [name, after, upTo, count, ...(key === undefined ? [] : [key])],
    );
    return rows.map(toEvent);
  }

  /** What is left around a place that a watcher wants to resume from. */
  async remains({ name, key }: EventFilter, { position, keyNumber }: EventPlace): Promise<Remains> {
    const outbox = `${this.#schema}.holon_outbox`;
    const [row = {}] = await this.#rows(
      `select (select position from ${this.#schema}.holon_removed where name = $1::text) as removed,
        (select id from ${outbox} where position = $2::bigint) as "rowId",
        (select last_value from ${this.#schema}.holon_outbox_position_seq) as last,
        (select last_number from ${this.#schema}.holon_order where name = $1::text and ordered_key = $3::text) as "lastNumber",
        exists (select 1 from ${outbox} where name = $1::text and ordered_key = $3::text and key_number = $4::bigint) as "hasNext"`,
      [name, position, key ?? null, keyNumber === undefined ? null : keyNumber + 1],
    );
    return {
      removed: numberOf(row["removed"]) ?? undefined,
      rowId: (row["rowId"] as string | null) ?? undefined,
      last: Number(row["last"]),
      lastNumber: numberOf(row["lastNumber"]) ?? undefined,
      hasNext: row["hasNext"] === true,
    };
  }

  #rows(text: string, params: readonly unknown[]): Promise<readonly RawRow[]> {
    return this.#database.prepared<RawRow>("watch", text, params);
  }
}

/** The database's numbers come as text, because they may be larger than a safe integer. Positions are not that large. */
function numberOf(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function toEvent(row: RawRow): OutboxEvent {
  const event = row as unknown as OutboxEvent;
  return { ...event, position: Number(event.position), keyNumber: numberOf(event.keyNumber) };
}

function array(numbers: readonly number[]): string {
  return `{${numbers.join(",")}}`;
}
