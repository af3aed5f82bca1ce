/** A stream that can be told to end. */
export interface OpenStream {
  end(): void;
}

/** The subscriptions that are open, so that stopping can end them: their clients then resume with another process. */
export class SseStreams {
  readonly #open = new Set<OpenStream>();

  get count(): number {
    return this.#open.size;
  }

  add(stream: OpenStream): void {
    this.#open.add(stream);
  }

  remove(stream: OpenStream): void {
    this.#open.delete(stream);
  }

  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }
}
