import type { Queue, QueueOptions, Worker, WorkerOptions } from "bullmq";
import { catalogueError, type HolonError, type HolonErrorOptions, type Logger, markOrigin } from "../../kernel/index.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** What a worker of BullMQ is told to do with a job. */
export type BullProcessor = ConstructorParameters<typeof Worker>[1];

/** One place where BullMQ keeps its queues, with its connections: all that differs between them. */
export interface BullDriver {
  readonly kind: QueueBackend["kind"];
  readonly reachable: boolean;
  /** Errors: UNAVAILABLE, at once, where the place is known to be away. */
  assertReachable(): void;
  openQueue(name: string, options: Omit<QueueOptions, "connection">): Queue;
  openWorker(name: string, run: BullProcessor, options: Omit<WorkerOptions, "connection">): Worker;
  /** The worker is closed: its connection may be given up. */
  workerClosed(): void;
  /** Called for each error that a queue or a worker reports. */
  noteError(error: Error): void;
  /** Ends the connections; queues and workers are closed before. */
  close(): Promise<void>;
}

/** UNAVAILABLE, marked as made by the queue; it passes by itself. */
export function queueAway(message: string, options: HolonErrorOptions<undefined> = {}): HolonError {
  return markOrigin(catalogueError("UNAVAILABLE", message, options), { layer: "queue", isPassing: true });
}

/** Logs that a place went away and that it came back: once each, for a broken connection repeats itself many times a second. */
export class Reachability {
  readonly #where: string;
  readonly #log: Logger;
  #reachable = true;

  constructor(where: string, log: Logger) {
    this.#where = where;
    this.#log = log;
  }

  get now(): boolean {
    return this.#reachable;
  }

  lost(error: unknown): void {
    if (!this.#reachable) return;
    this.#reachable = false;
    this.#log.warn({ err: error, backend: this.#where }, "the queues cannot be reached: what waits for them stays in the outbox");
  }

  found(): void {
    if (this.#reachable) return;
    this.#reachable = true;
    this.#log.info({ backend: this.#where }, "the queues can be reached again");
  }
}
