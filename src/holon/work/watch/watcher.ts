import type { HolonError } from "../../kernel/holon-error.ts";
import type { Scope, ScopeLink } from "../../kernel/scope.ts";
import { type EventPlace, renderEventPlace } from "./event-place.ts";
import type { EventFilter, OutboxEvent } from "./outbox-reader.ts";

/** An event as a watcher gets it. If the items of a resumable subscription are payloads of this event, a handler can yield it as it is. */
export interface WatchedEvent<Payload = unknown> {
  /** The id of the event. A subscription that resumes from this id goes on after the event. */
  readonly id: string;
  readonly data: Payload;
}

/** The source of a watcher's events. */
export interface WatchSource {
  /** Up to this position all rows have been delivered, and no further row will appear. */
  readonly settled: number;
  /** Past events: after one position, and up to another one that is settled. */
  between(filter: EventFilter, after: number, upTo: number, count: number): Promise<readonly OutboxEvent[]>;
  /** Parses the payload by the contract. Shape: undefined if it does not fit, which is logged. */
  parse(event: OutboxEvent): { readonly payload: unknown } | undefined;
  leave(watcher: Watcher): void;
}

interface WatcherDeps {
  /** The scope of the call that watches. The watcher ends with it. */
  readonly scope: Scope;
  readonly filter: EventFilter;
  readonly source: WatchSource;
  /** The place after which the watcher begins; undefined to begin now. */
  readonly after: EventPlace | undefined;
  readonly bufferCount: number;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The events that one handler watches, in the order of their positions, from a moment or a place on.
 *
 *     joining --begin()--> behind, if it resumes; in step, if it begins now
 *     behind --has read what it missed--> in step: it gets each new event from the tail
 *     in step --more events wait than the buffer holds--> behind: it reads again from where it is
 *     any --return(), its call is over or cancelled, a read fails--> over
 *
 * I1. Events that are read and events that the tail delivers meet at a settled position: none is missed between them, and none is given twice.
 * I2. A watcher holds at most `bufferCount` events from the tail, and as many again that it has read itself, however slow its consumer is.
 */
export class Watcher implements AsyncIterableIterator<WatchedEvent>, ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly filter: EventFilter;
  readonly #deps: WatcherDeps;
  /** All events up to this position were given to the consumer, or are not for this watcher. */
  #cursor = 0;
  /** From this position on, {@link #delivered} has all events; undefined while events of the tail are not kept. */
  #deliveredFrom: number | undefined = undefined;
  #delivered: OutboxEvent[] = [];
  /** Events that were read and not given yet. When the last of them is given, all events up to {@link #missedTo} have been given. */
  #missed: OutboxEvent[] = [];
  #missedTo = 0;
  /** Positions after the beginning whose events were committed before this watcher began. */
  #skipped: ReadonlySet<number> = new Set();
  #start = "";
  #last: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};
  #over = false;

  constructor(deps: WatcherDeps) {
    this.#deps = deps;
    this.filter = deps.filter;
  }

  /** The place where this watcher begins. A handler uses it as the id of what it yields before the first event, such as the present state. */
  get start(): string {
    return this.#start;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /**
   * Called by the tail between two looks. From now on the tail delivers events after the position `settled`. The rows in `held` were committed before this
   * watcher began. A watcher that begins now skips them; one that resumes gets them.
   */
  begin(settled: number, held: readonly OutboxEvent[]): void {
    const { after } = this.#deps;
    this.#deliveredFrom = settled;
    this.#cursor = after?.position ?? settled;
    if (after === undefined) this.#skipped = new Set(held.map(({ position }) => position));
    this.#start = renderEventPlace(after ?? { position: settled, keyNumber: undefined, mark: undefined });
  }

  /** Called by the tail with an event that fits the filter. */
  deliver(event: OutboxEvent): void {
    if (this.#deliveredFrom === undefined) return;
    if (this.#delivered.length < this.#deps.bufferCount) {
      this.#delivered.push(event);
      this.#wake();
    } else {
      // I2.
      this.#delivered = [];
      this.#deliveredFrom = undefined;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Returns the next event. If it is called again before it has resolved, the calls get the events in the order of the calls. Errors: those of reading missed
   * events.
   */
  next(): Promise<IteratorResult<WatchedEvent, undefined>> {
    const step = this.#last.then(() => this.#take());
    this.#last = step.catch(() => {});
    return step;
  }

  async return(): Promise<IteratorResult<WatchedEvent, undefined>> {
    this.#deps.scope.unlink(this);
    this.#end();
    return DONE;
  }

  /** Called when the call that watches was cancelled. */
  scopeCancelled(_reason: HolonError): void {
    this.#end();
  }

  /** Called when the call that watches is over. */
  scopeEnded(): void {
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#delivered = [];
    this.#deps.source.leave(this);
    this.#wake();
  }

  async #take(): Promise<IteratorResult<WatchedEvent, undefined>> {
    while (!this.#over) {
      const event = this.#isInStep() ? this.#delivered.shift() : await this.#readMissed();
      const item = event === undefined ? undefined : this.#toItem(event);
      if (item !== undefined) return { done: false, value: item };
      if (event === undefined && this.#isInStep() && this.#delivered.length === 0) await this.#woken();
    }
    return DONE;
  }

  #woken(): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #isInStep(): boolean {
    return this.#missed.length === 0 && this.#deliveredFrom !== undefined && this.#cursor >= this.#deliveredFrom;
  }

  async #readMissed(): Promise<OutboxEvent | undefined> {
    if (this.#missed.length > 0) return this.#missed.shift();
    const { source, bufferCount } = this.#deps;
    // I1. From this position on the tail delivers again.
    this.#deliveredFrom ??= source.settled;
    const upTo = this.#deliveredFrom;
    try {
      const rows = await source.between(this.filter, this.#cursor, upTo, bufferCount);
      this.#missed = [...rows];
      this.#missedTo = rows.length < bufferCount ? upTo : (rows.at(-1)?.position ?? upTo);
    } catch (error) {
      this.#end();
      throw error;
    }
    const first = this.#missed.shift();
    if (first === undefined) this.#cursor = upTo;
    return first;
  }

  /** Makes the item for an event. Shape: undefined if the event was given before, was committed before the beginning, or does not fit its contract. */
  #toItem(event: OutboxEvent): WatchedEvent | undefined {
    const { position, keyNumber, id } = event;
    if (position <= this.#cursor) return undefined;
    this.#cursor = this.#missed.length === 0 ? Math.max(position, this.#missedTo) : position;
    if (this.#skipped.has(position)) return undefined;
    const parsed = this.#deps.source.parse(event);
    if (parsed === undefined) return undefined;
    return { id: renderEventPlace({ position, keyNumber: keyNumber ?? undefined, mark: id.slice(0, 8) }), data: parsed.payload };
  }
}
