import { catalogueError, type HolonError, type Limits } from "../../kernel/index.ts";

/** Bits of an id that say its place in the table; the rest counts how often the place was used. */
const PLACE_BITS = 16;
const PLACE_MASK = (1 << PLACE_BITS) - 1;
const GREATEST_ID = 0x3fff_ffff;

/** Most exchanges that one connection can have open, whatever the limits say. */
export const EXCHANGE_COUNT = PLACE_MASK + 1;

/** Most calls, and most streams, of one connection: half of the places each, so that neither takes those of the other. */
const GREATEST_COUNT = EXCHANGE_COUNT / 2;

/** What an {@link ExchangeTable} keeps. */
export interface TableEntry {
  readonly id: number;
  readonly isStream?: boolean;
}

/** Whether what a peer sent can be the id of an exchange. */
export function isExchangeId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= GREATEST_ID;
}

/** The answer to a call, or stream, for which a connection {@link ExchangeTable.hasRoom has no room}. */
export function fullConnection(isStream: boolean, { meshConcurrencyCount, meshStreamCount, streamRetryMs }: Limits): HolonError {
  return isStream
    ? catalogueError("OVERLOADED", `More than ${meshStreamCount} streams are open on the connection (limit meshStreamCount).`, {
        details: { retryAfterMs: streamRetryMs },
      })
    : catalogueError("OVERLOADED", `More than ${meshConcurrencyCount} calls are open on the connection (limit meshConcurrencyCount).`);
}

/**
 * The open exchanges of one end of a connection, by id.
 *
 * An id is a place and how often the place was used, so the table is a plain array. (A Map that is filled and emptied all the time leaves
 * tables behind which point at each other; once one of them is old, all that was ever in the later ones survives until a full collection:
 * a quarter of the time at 128 calls at once.) A place is free again when the last frame of its exchange has been sent or received; frames
 * stay in order, so both ends always agree on what a place holds.
 */
export class ExchangeTable<Exchange extends TableEntry> {
  readonly #places: (Exchange | undefined)[] = [];
  readonly #freeIds: number[] = [];
  #size = 0;
  #streamCount = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether one more call, or stream, may be opened. Each has a count of its own: streams stay open for long. */
  hasRoom(isStream: boolean, { meshConcurrencyCount, meshStreamCount }: Pick<Limits, "meshConcurrencyCount" | "meshStreamCount">): boolean {
    return isStream
      ? this.#streamCount < Math.min(meshStreamCount, GREATEST_COUNT)
      : this.#size - this.#streamCount < Math.min(meshConcurrencyCount, GREATEST_COUNT);
  }

  /** The id for a new exchange of this end; {@link put} it, or give it back with {@link release}. */
  takeId(): number {
    return this.#freeIds.pop() ?? this.#places.push(undefined) - 1;
  }

  /** Gives back an id that {@link takeId} made, for its place to be used again. */
  release(id: number): void {
    const next = id + EXCHANGE_COUNT;
    this.#freeIds.push(next > GREATEST_ID ? id & PLACE_MASK : next);
  }

  /** The exchange of an id that a peer sent, whatever that is. */
  get(id: unknown): Exchange | undefined {
    if (!isExchangeId(id)) return undefined;
    const exchange = this.#places[id & PLACE_MASK];
    return exchange !== undefined && exchange.id === id ? exchange : undefined;
  }

  /** Whether the place that an id names is in use, by whatever exchange. */
  isTaken(id: number): boolean {
    return this.#places[id & PLACE_MASK] !== undefined;
  }

  put(exchange: Exchange): void {
    this.#places[exchange.id & PLACE_MASK] = exchange;
    this.#size++;
    if (exchange.isStream === true) this.#streamCount++;
  }

  /** Takes an exchange out; false where it is out already. */
  remove(exchange: Exchange): boolean {
    const place = exchange.id & PLACE_MASK;
    if (this.#places[place] !== exchange) return false;
    this.#places[place] = undefined;
    this.#size--;
    if (exchange.isStream === true) this.#streamCount--;
    return true;
  }

  /** All open exchanges, as they are now. */
  all(): Exchange[] {
    return this.#places.filter((exchange) => exchange !== undefined);
  }
}
