import type { HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { type CallerConnection, CallerExchange } from "./caller-exchange.ts";

type Step = IteratorResult<unknown, undefined>;

interface Waiter {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: HolonError) => void;
}

const DONE: Step = { done: true, value: undefined };

/**
 * A subscription in flight. It keeps what has arrived until the consumer takes it, and sends credit as the consumer takes items.
 *
 *   open --item--> open, at most `window` items kept
 *   open --end--> ended; kept items are still handed out
 *   open --failure, connection lost, deadline, scope cancelled--> failed; kept items come before the error
 *   open --return()--> ended, and a cancel frame is sent
 */
export class CallerStream extends CallerExchange {
  readonly #window: number;
  readonly #items: unknown[] = [];
  readonly #waiters: Waiter[] = [];
  #error: HolonError | undefined = undefined;
  #over = false;
  #taken = 0;

  constructor(connection: CallerConnection, id: number, path: string, scope: Scope, sentAs: number, window: number) {
    super(connection, id, path, scope, sentAs);
    this.#window = window;
  }

  override get isStream(): boolean {
    return true;
  }

  override item(value: unknown): boolean {
    if (this.#items.length >= this.#window) return false;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#items.push(value);
    else {
      this.#grant();
      waiter.resolve({ done: false, value });
    }
    return true;
  }

  override end(): void {
    this.#finish();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(DONE);
  }

  override fail(error: HolonError): void {
    this.#finish();
    const [first, ...others] = this.#waiters.splice(0);
    if (first === undefined) this.#error = error;
    else first.reject(error);
    for (const waiter of others) waiter.resolve(DONE);
  }

  /** The next item. Several requests are answered in their order. */
  take(): Promise<Step> {
    if (this.#items.length > 0) {
      const value = this.#items.shift();
      this.#grant();
      return Promise.resolve({ done: false, value });
    }
    const error = this.#error;
    if (error !== undefined) {
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Ends the stream because the consumer wants no more. */
  stop(): void {
    this.#items.length = 0;
    this.#error = undefined;
    if (this.#over) return;
    this.connection.sendCancel(this.id, false);
    this.end();
  }

  #finish(): void {
    this.#over = true;
    this.letGo();
  }

  /** Sends credit for half a window at a time. A frame for each item taken would double the traffic. */
  #grant(): void {
    this.#taken++;
    if (this.#over || this.#taken * 2 < this.#window) return;
    this.connection.sendCredit(this.id, this.#taken);
    this.#taken = 0;
  }
}

/**
 * The stream that a consumer reads. It opens with the first `next()`, so a stream that is never read costs the callee nothing.
 *
 *   unopened --next()--> open --end, error, return()--> over
 *   unopened --return()--> over
 */
export class RemoteStream implements AsyncIterableIterator<unknown> {
  readonly #open: () => Promise<CallerStream>;
  #stream: Promise<CallerStream> | undefined = undefined;
  #opened: CallerStream | undefined = undefined;
  #over = false;

  constructor(open: () => Promise<CallerStream>) {
    this.#open = open;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (this.#opened !== undefined) return this.#opened.take();
    if (this.#over) return { done: true, value: undefined };
    this.#stream ??= this.#begin();
    const stream = await this.#stream;
    return stream.take();
  }

  /** Ends the stream, also while a `next()` waits. That `next()` then resolves with `done`. */
  async return(): Promise<Step> {
    this.#over = true;
    this.#opened?.stop();
    return { done: true, value: undefined };
  }

  async #begin(): Promise<CallerStream> {
    try {
      const stream = await this.#open();
      this.#opened = stream;
      // The consumer may have ended the stream while it waited for the connection.
      if (this.#over) stream.stop();
      return stream;
    } catch (error) {
      this.#over = true;
      throw error;
    }
  }
}
