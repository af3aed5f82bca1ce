/** A stream that can be ended. */
interface OpenStream {
  end(): void;
}

/** The open subscriptions. A stop ends them, and their clients resume them at another process. */
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
