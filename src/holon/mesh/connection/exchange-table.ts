import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Limits } from "../../kernel/limits.ts";

/** The low bits of an id are its place in the table. The other bits count how often the place was used. */
const PLACE_BITS = 16;
const PLACE_MASK = (1 << PLACE_BITS) - 1;
const GREATEST_ID = 0x3fff_ffff;

/** The most exchanges that a connection can have open, whatever the limits say. */
export const EXCHANGE_COUNT = PLACE_MASK + 1;

/** The most calls, and the most streams, of a connection. Each kind gets half of the places, so that neither uses up those of the other. */
const GREATEST_COUNT = EXCHANGE_COUNT / 2;

/** What an {@link ExchangeTable} keeps. */
interface TableEntry {
  readonly id: number;
  readonly isStream?: boolean;
}

/** Whether a value that a peer sent can be the id of an exchange. */
export function isExchangeId(id: unknown): id is number {
  return typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= GREATEST_ID;
}

/** The answer to a call or stream if the connection {@link ExchangeTable.hasRoom has no room} for it. */
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
 * An id consists of a place and a count of how often the place was used, so the table is a plain array. (With a Map, a quarter of all time would be spent on
 * it at 128 concurrent calls. A Map that is filled and emptied all the time leaves old hash tables behind that point at each other. Once the garbage collector
 * has moved one of them to its old generation, the later ones survive until a full collection.) A place is free again when the last frame of its
 * exchange was sent or received. Frames stay in order, so both ends always agree on what a place holds.
 */
export class ExchangeTable<Exchange extends TableEntry> {
  readonly #places: (Exchange | undefined)[] = [];
  readonly #freeIds: number[] = [];
  #size = 0;
  #streamCount = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether one more call or stream may be opened. Calls and streams are counted apart, because streams stay open for long. */
  hasRoom(isStream: boolean, { meshConcurrencyCount, meshStreamCount }: Pick<Limits, "meshConcurrencyCount" | "meshStreamCount">): boolean {
    return isStream
      ? this.#streamCount < Math.min(meshStreamCount, GREATEST_COUNT)
      : this.#size - this.#streamCount < Math.min(meshConcurrencyCount, GREATEST_COUNT);
  }

  /** The id for a new exchange of this end. {@link put} the exchange, or give the id back with {@link release}. */
  takeId(): number {
    return this.#freeIds.pop() ?? this.#places.push(undefined) - 1;
  }

  /** Gives back an id of {@link takeId}: its place can be used again. */
  release(id: number): void {
    const next = id + EXCHANGE_COUNT;
    this.#freeIds.push(next > GREATEST_ID ? id & PLACE_MASK : next);
  }

  /** The exchange of an id that a peer sent. The id may be any value. */
  get(id: unknown): Exchange | undefined {
    if (!isExchangeId(id)) return undefined;
    const exchange = this.#places[id & PLACE_MASK];
    return exchange !== undefined && exchange.id === id ? exchange : undefined;
  }

  /** Whether an exchange is at the place of this id. */
  isTaken(id: number): boolean {
    return this.#places[id & PLACE_MASK] !== undefined;
  }

  put(exchange: Exchange): void {
    this.#places[exchange.id & PLACE_MASK] = exchange;
    this.#size++;
    if (exchange.isStream === true) this.#streamCount++;
  }

  /** Removes an exchange; false if it was not in the table. */
  remove(exchange: Exchange): boolean {
    const place = exchange.id & PLACE_MASK;
    if (this.#places[place] !== exchange) return false;
    this.#places[place] = undefined;
    this.#size--;
    if (exchange.isStream === true) this.#streamCount--;
    return true;
  }

  /** A copy of the list of open exchanges. */
  all(): Exchange[] {
    return this.#places.filter((exchange) => exchange !== undefined);
  }
}
