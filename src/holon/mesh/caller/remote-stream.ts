import type { CallerStream } from "./caller-stream.ts";

/**
 * The stream that a consumer holds. It opens with the first `next()`, so a stream that is never read costs the callee nothing.
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

  /** Ends the stream, also while a `next()` waits. That `next()` gets the end. */
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
