import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Counts the requests and streams in flight, so that a stop can wait for them.
 *
 * Guarantee: `drained` resolves as soon as nothing is in flight. If nothing is in flight already, it resolves at once.
 */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
    if (this.#count > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  drained(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/**
 * Reports the end of an answer: the answer is complete, or its connection is closed.
 *
 * Node reports a closed connection only to the answer that is being sent. But a client may send several requests without waiting for the answers. Without
 * this class, their later answers would run on for a closed connection and be counted for ever.
 */
export class AnswerEnds {
  readonly #waiting = new WeakMap<Socket, Set<() => void>>();

  /** Calls `ended` once, when the answer is over. */
  onEnd(request: IncomingMessage, response: ServerResponse, ended: () => void): void {
    if (response.socket !== null) {
      response.once("close", ended);
      return;
    }
    const waiting = this.#waitingOn(request.socket);
    const once = (): void => {
      if (waiting.delete(once)) ended();
    };
    waiting.add(once);
    response.once("close", once);
  }

  /** There is one listener for each connection. With many, Node would warn of a leak. */
  #waitingOn(socket: Socket): Set<() => void> {
    const known = this.#waiting.get(socket);
    if (known !== undefined) return known;
    const waiting = new Set<() => void>();
    this.#waiting.set(socket, waiting);
    socket.once("close", () => {
      for (const end of [...waiting]) end();
    });
    return waiting;
  }
}

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
