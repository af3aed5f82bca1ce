import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";

/** How long a refusal counts after it was last seen. Workers ask again much sooner. */
const REFUSAL_MS = 30_000;

interface ReachabilityParts {
  /** The queues' server as operators know it, such as "Redis (REDIS_URL)". */
  readonly server: string;
  /** The message of a server that answers and refuses, such as for a missing right; undefined for other errors. */
  readonly refusalOf: (error: unknown) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Whether the server of the queues answers, and what it refuses. Logs once that the server went away, once that it is back, and each refusal once: a broken
 * connection fails many times a second.
 */
export class Reachability {
  readonly #parts: ReachabilityParts;
  #isReachable = true;
  #foundMs = Number.NEGATIVE_INFINITY;
  #refusal: { readonly text: string; readonly seenMs: number } | undefined = undefined;

  constructor(parts: ReachabilityParts) {
    this.#parts = parts;
  }

  get now(): boolean {
    return this.#isReachable;
  }

  /** What is wrong, as a sentence for operators; undefined while nothing is. */
  faultWhen(isReachable: boolean): string | undefined {
    const { server, clock } = this.#parts;
    const { text, seenMs } = this.#refusal ?? { text: "", seenMs: Number.NEGATIVE_INFINITY };
    const isRefused = clock.monotonicMs() - seenMs < REFUSAL_MS;
    if (isReachable) return isRefused ? `${server} refuses what the queues need, so events and jobs wait: ${text}` : undefined;
    return isRefused
      ? `the queues cannot be reached: events and jobs wait, for ${server} refuses: ${text}`
      : "the queues cannot be reached: events and jobs wait";
  }

  /**
   * The server does not answer, or does not let this process in. A request that was sent before the server's last answer does not count: it may have waited on
   * a connection that was given up.
   */
  lost(error: unknown, askedMs = Number.POSITIVE_INFINITY): void {
    this.noteRefusal(error);
    if (!this.#isReachable || askedMs < this.#foundMs) return;
    this.#isReachable = false;
    this.#parts.log.warn({ err: error, backend: this.#parts.server }, "the queues cannot be reached: what waits for them stays in the outbox");
  }

  /** The server answers. */
  found(): void {
    this.#foundMs = this.#parts.clock.monotonicMs();
    if (this.#isReachable) return;
    this.#isReachable = true;
    this.#parts.log.info({ backend: this.#parts.server }, "the queues can be reached again");
  }

  /** Returns whether the error is a refusal: the server answered, and refused the request. */
  noteRefusal(error: unknown): boolean {
    const { refusalOf, clock, log, server } = this.#parts;
    const text = refusalOf(error);
    if (text === undefined) return false;
    if (this.#refusal?.text !== text) log.warn({ err: error, backend: server }, "the server of the queues refuses what they need");
    this.#refusal = { text, seenMs: clock.monotonicMs() };
    return true;
  }

  /** The server did what it had refused before. */
  accepted(): void {
    this.#refusal = undefined;
  }
}
