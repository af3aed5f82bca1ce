import type { Clock } from "./clock.ts";
import { assertInvariant } from "./holon-error.ts";

/** An entry that expires at a given time unless it is removed before. Extend this class, so that waiting costs no allocation. */
export abstract class TimerEntry {
  /** @internal */ previous: TimerEntry | undefined = undefined;
  /** @internal */ next: TimerEntry | undefined = undefined;
  /** @internal */ slot: Slot | undefined = undefined;
  /** @internal */ due = 0;

  /** Called once, on the first tick after the entry's time. The entry is already removed from the wheel. */
  abstract expire(): void;
}

/** Runs a function once, when its time has come. It is for rare timers; what waits often extends {@link TimerEntry} itself. */
export class TimerCallback extends TimerEntry {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override expire(): void {
    this.#run();
  }
}

interface Slot {
  head: TimerEntry | undefined;
}

/** The width of a slot. An entry expires at most this much too late. */
const SLOT_MS = 8;

/**
 * The most slots that the wheel has: ten seconds. An entry that is due later waits in the last slot and is then added again, so that no entry makes the wheel
 * larger.
 */
const SLOT_COUNT = 1_250;

/** A tick that comes this late means that the process was frozen, or that its thread was blocked. Units: milliseconds. */
const FROZEN_MS = 1_000;

/** After this many ticks without any entry, the wheel stops its timer. */
const IDLE_TICKS = 250;

/**
 * One coarse timer for any number of deadlines.
 *
 * A timer for each call would cost more than a local call does; adding an entry to the wheel and removing it costs a few pointer writes.
 * Units: milliseconds of the given clock; an entry expires 0 to 8 ms after its time, plus the delay of the event loop.
 */
export class Timers {
  readonly #monotonicMs: () => number;
  readonly #slots = new Map<number, Slot>();
  #size = 0;
  #handled: number;
  #idleTicks = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  /** The last period of {@link FROZEN_MS} or more in which no tick came although entries waited. */
  #frozen = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#handled = Math.floor(monotonicMs() / SLOT_MS);
  }

  /** The clock of the wheel. */
  get nowMs(): number {
    return this.#monotonicMs();
  }

  /**
   * Whether this process was frozen, or its thread blocked, for a second or more since `sinceMs`. That is known only if an entry waited in the wheel during
   * this time.
   */
  wasFrozenSince(sinceMs: number): boolean {
    return this.#frozen.toMs - Math.max(this.#frozen.fromMs, sinceMs) >= FROZEN_MS;
  }

  /** How many entries wait. */
  get size(): number {
    return this.#size;
  }

  /** How many slots there are. */
  get slotCount(): number {
    return this.#slots.size;
  }

  add(entry: TimerEntry, atMs: number): void {
    assertInvariant(entry.slot === undefined, "a timer entry is added once");
    if (this.#timer === undefined) this.#start();
    entry.due = Math.max(Math.ceil(atMs / SLOT_MS), this.#handled + 1);
    this.#put(entry);
    this.#size++;
  }

  #put(entry: TimerEntry): void {
    const number = Math.min(entry.due, this.#handled + SLOT_COUNT);
    let slot = this.#slots.get(number);
    if (slot === undefined) {
      slot = { head: undefined };
      this.#slots.set(number, slot);
    }
    const head = slot.head;
    entry.slot = slot;
    entry.next = head;
    if (head !== undefined) head.previous = entry;
    slot.head = entry;
  }

  /** Removes an entry; has no effect if it expired or was never added. */
  remove(entry: TimerEntry): void {
    const { slot, previous, next } = entry;
    if (slot === undefined) return;
    if (previous === undefined) slot.head = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    entry.slot = undefined;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size--;
  }

  /** Stops the timer; entries that still wait never expire. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#slots.clear();
    this.#size = 0;
  }

  #start(): void {
    this.#handled = Math.floor(this.#monotonicMs() / SLOT_MS);
    this.#timer = setInterval(() => this.#tick(), SLOT_MS);
    this.#timer.unref();
  }

  #tick(): void {
    const nowMs = this.#monotonicMs();
    const fromMs = this.#handled * SLOT_MS;
    if (nowMs - fromMs >= FROZEN_MS) this.#frozen = { fromMs, toMs: nowMs };
    const current = Math.floor(nowMs / SLOT_MS);
    while (this.#handled < current) {
      this.#handled++;
      const slot = this.#slots.get(this.#handled);
      if (slot === undefined) continue;
      this.#slots.delete(this.#handled);
      for (let entry = slot.head; entry !== undefined; entry = slot.head) {
        this.remove(entry);
        if (entry.due > this.#handled) {
          this.#put(entry);
          this.#size++;
        } else entry.expire();
      }
    }
    this.#idleTicks = this.#size === 0 ? this.#idleTicks + 1 : 0;
    if (this.#idleTicks > IDLE_TICKS) {
      this.#idleTicks = 0;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#slots.clear();
    }
  }
}

/** The clock and the timers that a wait runs on. */
export interface SleepDeps {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** A wait that may be ended early. */
export class Sleep extends TimerEntry {
  readonly ended: Promise<void>;
  readonly #timers: Timers;
  #resolve: () => void = () => {};

  /** Units: milliseconds, rounded up to the next slot of the wheel. */
  constructor({ clock, timers }: SleepDeps, ms: number) {
    super();
    this.#timers = timers;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    timers.add(this, clock.monotonicMs() + ms);
  }

  /** Ends the wait now. */
  wake(): void {
    this.#timers.remove(this);
    this.#resolve();
  }

  override expire(): void {
    this.#resolve();
  }
}
