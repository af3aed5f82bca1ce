import type { HolonError, Scope, ScopeLink } from "../../kernel/index.ts";
import { type EventPlace, renderEventPlace } from "./event-place.ts";
import type { EventFilter, OutboxEvent } from "./outbox-reader.ts";

/** An event as a watcher gets it: an item of a resumable subscription, if its payload is what the subscription gives. */
export interface WatchedEvent<Payload = unknown> {
  /** To resume after. */
  readonly id: string;
  readonly data: Payload;
}

/** Where a watcher gets its events from. */
export interface WatchSource {
  /** Up to here all rows are told, and none will come any more. */
  readonly settled: number;
  /** Events of the past: behind a position and up to one that is settled. */
  between(filter: EventFilter, after: number, upTo: number, count: number): Promise<readonly OutboxEvent[]>;
  /** The payload as the contract has it; undefined, and logged, where it does not fit. */
  parse(event: OutboxEvent): { readonly payload: unknown } | undefined;
  leave(watcher: Watcher): void;
}

/** What a {@link Watcher} is made from. */
export interface WatcherOptions {
  /** Of the call that watches; the watcher ends with it. */
  readonly scope: Scope;
  readonly filter: EventFilter;
  readonly source: WatchSource;
  /** Undefined begins now. */
  readonly after: EventPlace | undefined;
  readonly bufferCount: number;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The events that one handler watches, in the order of their positions, from a moment or a place on.
 *
 *     joining --begin()--> behind, where it resumes; in step, where it begins now
 *     behind --has read what it missed--> in step, and hears each new event
 *     in step --more waits than the buffer holds--> behind, reading again from where it is
 *     any --return(), its call is over or cancelled, a read fails--> over
 */
export class Watcher implements AsyncIterableIterator<WatchedEvent>, ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly filter: EventFilter;
  readonly #options: WatcherOptions;
  /** Everything up to here was given to the consumer, or is no event of this watcher. */
  #cursor = 0;
  /** {@link #heard} holds all events beyond this position; undefined while it holds none. */
  #heardFrom: number | undefined = undefined;
  #heard: OutboxEvent[] = [];
  /** Read and not given yet; with the last of them everything up to {@link #missedTo} is. */
  #missed: OutboxEvent[] = [];
  #missedTo = 0;
  /** Committed before this watcher began, but with a position beyond its beginning. */
  #skipped: ReadonlySet<number> = new Set();
  #start = "";
  #last: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};
  #over = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.filter = options.filter;
  }

  /** Where it begins: the id for what a handler gives before the first event, such as the present state. */
  get start(): string {
    return this.#start;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Called by the tail between two looks: from now on it hears what is settled later. `held` was seen already, and is not. */
  begin(settled: number, held: readonly OutboxEvent[]): void {
    const { after } = this.#options;
    this.#heardFrom = settled;
    this.#cursor = after?.position ?? settled;
    if (after === undefined) this.#skipped = new Set(held.map(({ position }) => position));
    this.#start = renderEventPlace(after ?? { position: settled, keyNumber: undefined, mark: undefined });
  }

  /** Called by the tail with an event that fits the filter. */
  hear(event: OutboxEvent): void {
    if (this.#heardFrom === undefined) return;
    if (this.#heard.length < this.#options.bufferCount) {
      this.#heard.push(event);
      this.#wake();
    } else {
      this.#heard = [];
      this.#heardFrom = undefined;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, in the order of asking. Errors: those of reading what it missed. */
  next(): Promise<IteratorResult<WatchedEvent, undefined>> {
    const step = this.#last.then(() => this.#take());
    this.#last = step.catch(() => {});
    return step;
  }

  async return(): Promise<IteratorResult<WatchedEvent, undefined>> {
    this.#options.scope.unlink(this);
    this.#end();
    return DONE;
  }

  /** The call was cancelled. */
  scopeCancelled(_reason: HolonError): void {
    this.#end();
  }

  /** The call is over. */
  scopeEnded(): void {
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#heard = [];
    this.#options.source.leave(this);
    this.#wake();
  }

  async #take(): Promise<IteratorResult<WatchedEvent, undefined>> {
    while (!this.#over) {
      const event = this.#isInStep() ? this.#heard.shift() : await this.#readMissed();
      const item = event === undefined ? undefined : this.#toItem(event);
      if (item !== undefined) return { done: false, value: item };
      if (event === undefined && this.#isInStep() && this.#heard.length === 0) await this.#woken();
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
    return this.#missed.length === 0 && this.#heardFrom !== undefined && this.#cursor >= this.#heardFrom;
  }

  async #readMissed(): Promise<OutboxEvent | undefined> {
    if (this.#missed.length > 0) return this.#missed.shift();
    const { source, bufferCount } = this.#options;
    // From here on it hears again: what it reads and what it hears meet at a settled position.
    this.#heardFrom ??= source.settled;
    const upTo = this.#heardFrom;
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

  /** Undefined for what was given before, was there before, or does not fit. */
  #toItem(event: OutboxEvent): WatchedEvent | undefined {
    const { position, keyNumber, id } = event;
    if (position <= this.#cursor) return undefined;
    this.#cursor = this.#missed.length === 0 ? Math.max(position, this.#missedTo) : position;
    if (this.#skipped.has(position)) return undefined;
    const parsed = this.#options.source.parse(event);
    if (parsed === undefined) return undefined;
    return { id: renderEventPlace({ position, keyNumber: keyNumber ?? undefined, mark: id.slice(0, 8) }), data: parsed.payload };
  }
}
