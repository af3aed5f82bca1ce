import type { Queue, QueueOptions, Worker, WorkerOptions } from "bullmq";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError, type HolonError, type HolonErrorOptions } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { markOrigin } from "../../kernel/origin.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** The function that a worker of BullMQ calls for each job. */
type BullProcessor = ConstructorParameters<typeof Worker>[1];

/** The first of the messages that wait. Units: milliseconds since 1970, by the clocks of the processes that added them. */
export interface FirstMessages {
  /** The message that is handed out next. It could have been handed out since `sinceMs`. */
  readonly next?: { readonly data: unknown; readonly priority: number; readonly sinceMs: number };
  /** The delayed message that is due first, at `dueMs`. Workers move it to the messages that wait only when they ask for more messages. */
  readonly delayed?: { readonly data: unknown; readonly dueMs: number };
}

/** The place where BullMQ keeps its queues, Redis or Postgres, with the connections: all that differs between the two. */
export interface BullDriver {
  readonly kind: QueueBackend["kind"];
  readonly reachable: boolean;
  /** What fails, as a sentence for operators; undefined while all works. */
  readonly fault: string | undefined;
  /** Errors: UNAVAILABLE, at once, if the server is known to be away. */
  assertReachable(): void;
  openQueue(name: string, options: Omit<QueueOptions, "connection">): Queue;
  openWorker(name: string, run: BullProcessor, options: Omit<WorkerOptions, "connection">): Worker;
  /** Reads the first messages of a queue. BullMQ's own request for the message that has waited the longest works only on Redis. */
  first(queue: Queue): Promise<FirstMessages>;
  /**
   * When the messages that workers are handling were added; some drivers read only the oldest of these moments. Units: milliseconds since 1970, by the clocks
   * of the processes that added the messages. BullMQ's own request would read the data of the messages too.
   */
  handledSinceMs(queue: Queue): Promise<readonly number[]>;
  /** Must be called when a worker is closed: its connection may be closed too. */
  workerClosed(): void;
  /** Pings the server, and notes whether it answers. Does not fail. */
  ping(): Promise<void>;
  /** Called for each error that a queue or a worker reports. */
  noteError(error: Error): void;
  /** Called after each request of this process: with its failure, or with undefined if it succeeded. */
  noteAnswer(failure: unknown): void;
  /** Closes the connections. Queues and workers must be closed before. */
  close(): Promise<void>;
}

/** The error UNAVAILABLE, marked as made by the queue and as passing. */
export function queueAway(message: string, options: HolonErrorOptions<undefined> = {}): HolonError {
  return markOrigin(catalogueError("UNAVAILABLE", message, options), { layer: "queue", isPassing: true });
}

/** How long a refusal counts after it was last seen. Workers ask again much sooner. */
const REFUSAL_MS = 30_000;

interface ReachabilityDeps {
  /** The queues' server as operators know it, such as "Redis (REDIS_URL)". */
  readonly server: string;
  /** The message of an error if the server answered and refused, for example because a right is missing; undefined for other errors. */
  readonly refusalOf: (error: unknown) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Whether the server of the queues answers, and what it refuses. Logs once that the server went away, once that it is back, and each refusal once: a broken
 * connection fails many times a second.
 */
export class Reachability {
  readonly #deps: ReachabilityDeps;
  #isReachable = true;
  #foundMs = Number.NEGATIVE_INFINITY;
  #refusal: { readonly text: string; readonly seenMs: number } | undefined = undefined;

  constructor(deps: ReachabilityDeps) {
    this.#deps = deps;
  }

  get now(): boolean {
    return this.#isReachable;
  }

  /** What is wrong, as a sentence for operators; undefined while nothing is wrong. */
  faultWhen(isReachable: boolean): string | undefined {
    const { server, clock } = this.#deps;
    const { text, seenMs } = this.#refusal ?? { text: "", seenMs: Number.NEGATIVE_INFINITY };
    const isRefused = clock.monotonicMs() - seenMs < REFUSAL_MS;
    if (isReachable) return isRefused ? `${server} refuses what the queues need, so events and jobs wait: ${text}` : undefined;
    return isRefused
      ? `the queues cannot be reached: events and jobs wait, because ${server} refuses: ${text}`
      : "the queues cannot be reached: events and jobs wait";
  }

  /**
   * Notes that the server does not answer, or does not let this process in. A request that was sent before the server's last answer does not count: it may have
   * waited on a connection that was given up.
   */
  lost(error: unknown, askedMs = Number.POSITIVE_INFINITY): void {
    this.noteRefusal(error);
    if (!this.#isReachable || askedMs < this.#foundMs) return;
    this.#isReachable = false;
    this.#deps.log.warn({ err: error, backend: this.#deps.server }, "the queues cannot be reached: what waits for them stays in the outbox");
  }

  /** Notes that the server answers. */
  found(): void {
    this.#foundMs = this.#deps.clock.monotonicMs();
    if (this.#isReachable) return;
    this.#isReachable = true;
    this.#deps.log.info({ backend: this.#deps.server }, "the queues can be reached again");
  }

  /** Returns whether the error is a refusal: the server answered, and refused the request. */
  noteRefusal(error: unknown): boolean {
    const { refusalOf, clock, log, server } = this.#deps;
    const text = refusalOf(error);
    if (text === undefined) return false;
    if (this.#refusal?.text !== text) log.warn({ err: error, backend: server }, "the server of the queues refuses what they need");
    this.#refusal = { text, seenMs: clock.monotonicMs() };
    return true;
  }

  /** Notes that the server accepted a request: an earlier refusal does not count any more. */
  accepted(): void {
    this.#refusal = undefined;
  }
}
