import type { Clock } from "../../kernel/clock.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import { TimerCallback, type Timers } from "../../kernel/timers.ts";
import { Task } from "../engine/task.ts";
import type { OutboxEvent, OutboxReader, WatchData } from "./outbox-reader.ts";
import { PositionOrder } from "./position-order.ts";
import type { WatchLimits } from "./watch-limits.ts";
import type { Watcher } from "./watcher.ts";

interface OutboxTailDeps {
  readonly data: WatchData;
  readonly reader: OutboxReader;
  readonly limits: WatchLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

/** These waits are short, because a call that begins to watch gets an error only at the next look. */
const BACKOFF = { firstMs: 50, greatestMs: 1_000 };

/** Most looks at the gaps below the end when a tail begins. The first look reads the writers. The second one may see that they have ended. */
const LOOKS_TO_BEGIN = 2;

interface Joining {
  readonly watcher: Watcher;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads each new row of a context's outbox once for all watchers of a process, in the order of positions, and passes it to the watchers that want it.
 *
 * Runs while there is a watcher: looks when a commit is notified, and now and then in any case.
 */
export class OutboxTail implements Closable {
  readonly #deps: OutboxTailDeps;
  readonly #task: Task;
  /** Looks again soon, if a position is missing. */
  readonly #again: TimerCallback;
  readonly #unlisten: () => void;
  readonly #watchers = new WatcherIndex();
  #joining: Joining[] = [];
  #order: PositionOrder<OutboxEvent> | undefined = undefined;

  constructor(deps: OutboxTailDeps) {
    this.#deps = deps;
    const { data, limits, clock, timers, log } = deps;
    this.#task = new Task({ task: "watch", everyMs: limits.pollMs, backoff: BACKOFF, run: () => this.#look(), clock, timers, log });
    this.#again = new TimerCallback(() => this.#task.wake());
    this.#unlisten = data.listenAppended(() => this.#task.wake());
  }

  /** Up to this position all rows have been delivered, and no further row will appear. */
  get settled(): number {
    return this.#order?.settled ?? 0;
  }

  /** Whether there are no watchers. */
  get isIdle(): boolean {
    return this.#watchers.size === 0 && this.#joining.length === 0;
  }

  /** Lets a watcher begin: it gets all events that are committed after this call. Errors: those of reading the outbox. */
  join(watcher: Watcher): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#joining.push({ watcher, resolve, reject });
      this.#task.wake();
    });
  }

  leave(watcher: Watcher): void {
    this.#watchers.remove(watcher);
  }

  async close(): Promise<void> {
    this.#unlisten();
    await this.#task.close();
    this.#deps.timers.remove(this.#again);
  }

  /** Makes one look. Watchers that joined before it get their beginning when it ends. */
  async #look(): Promise<boolean> {
    const joining = this.#joining;
    this.#joining = [];
    let full: boolean;
    try {
      full = await this.#read();
    } catch (error) {
      for (const { reject } of joining) reject(error);
      throw error;
    }
    // Rows that this look left for the next one may be older than the watchers that join. So these watchers join at a later look.
    if (full) this.#joining.unshift(...joining);
    else for (const each of joining) this.#admit(each);
    return full;
  }

  #admit({ watcher, resolve }: Joining): void {
    if (!watcher.isOver) {
      watcher.begin(this.settled, this.#order?.held ?? []);
      this.#watchers.add(watcher);
    }
    resolve();
  }

  /** Reads new rows, and delivers those whose turn it is. Returns whether there may be more to read at once. */
  async #read(): Promise<boolean> {
    const { reader, limits, clock, timers } = this.#deps;
    this.#order ??= new PositionOrder<OutboxEvent>(await this.#findEnd());
    const { read, gaps } = this.#order;
    const { rows, full } = await reader.beyond(read, gaps, limits.readCount);
    // The writers are read after the rows. If a transaction has ended by then, the next look sees its row, or finds that the row is missing.
    const writers = gaps.length === 0 ? undefined : await reader.writers();
    for (const row of this.#order.take(rows, writers)) this.#deliver(row);
    timers.remove(this.#again);
    if (this.#order.gaps.length > 0) timers.add(this.#again, clock.monotonicMs() + limits.gapMs);
    return full;
  }

  /** A position up to which all is settled, as near to the end as possible: only transactions that are committing now have positions after it. */
  async #findEnd(): Promise<number> {
    const { reader, limits } = this.#deps;
    const { position, gaps } = await reader.end(limits.startCount);
    const order = new PositionOrder(position, gaps);
    for (let look = 0; look < LOOKS_TO_BEGIN && order.gaps.length > 0; look++) {
      const { rows } = await reader.beyond(position, order.gaps, 0);
      order.take(rows, await reader.writers());
    }
    return order.settled;
  }

  #deliver(row: OutboxEvent): void {
    if (row.kind === "event") for (const watcher of this.#watchers.of(row)) watcher.deliver(row);
  }
}

const NO_WATCHERS: ReadonlySet<Watcher> = new Set();

/** The watchers of a context by what they watch, so that an event finds its watchers among thousands. */
class WatcherIndex {
  /** By the name of the event, or by its name with a key. */
  readonly #byPlace = new Map<string, Set<Watcher>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    const place = placeOf(watcher.filter.name, watcher.filter.key);
    const watchers = this.#byPlace.get(place) ?? new Set();
    if (watchers.has(watcher)) return;
    this.#byPlace.set(place, watchers.add(watcher));
    this.#size++;
  }

  remove(watcher: Watcher): void {
    const place = placeOf(watcher.filter.name, watcher.filter.key);
    const watchers = this.#byPlace.get(place);
    if (watchers === undefined || !watchers.delete(watcher)) return;
    this.#size--;
    if (watchers.size === 0) this.#byPlace.delete(place);
  }

  /** The watchers of an event. */
  *of({ name, key }: OutboxEvent): Iterable<Watcher> {
    yield* this.#byPlace.get(placeOf(name, undefined)) ?? NO_WATCHERS;
    if (key !== null) yield* this.#byPlace.get(placeOf(name, key)) ?? NO_WATCHERS;
  }
}

/** The space cannot be a part of the name: names have no space. */
function placeOf(name: string, key: string | undefined): string {
  return key === undefined ? name : `${name} ${key}`;
}
