import type { Queue, QueueOptions, Worker, WorkerOptions } from "bullmq";
import { catalogueError, type HolonError, type HolonErrorOptions, markOrigin } from "../../kernel/index.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** What a worker of BullMQ is told to do with a job. */
export type BullProcessor = ConstructorParameters<typeof Worker>[1];

/** One place where BullMQ keeps its queues, with its connections: all that differs between them. */
export interface BullDriver {
  readonly kind: QueueBackend["kind"];
  readonly reachable: boolean;
  /** What does not work, as a sentence for operators; undefined while all does. */
  readonly fault: string | undefined;
  /** Errors: UNAVAILABLE, at once, where the place is known to be away. */
  assertReachable(): void;
  openQueue(name: string, options: Omit<QueueOptions, "connection">): Queue;
  openWorker(name: string, run: BullProcessor, options: Omit<WorkerOptions, "connection">): Worker;
  /** The worker is closed: its connection may be given up. */
  workerClosed(): void;
  /** Asks the server for a sign of life, and notes whether there is one. It does not fail. */
  ping(): Promise<void>;
  /** Called for each error that a queue or a worker reports. */
  noteError(error: Error): void;
  /** Called when the server did, or did not do, what this process asked it for. */
  noteAnswer(failure: unknown): void;
  /** Ends the connections; queues and workers are closed before. */
  close(): Promise<void>;
}

/** UNAVAILABLE, marked as made by the queue; it passes by itself. */
export function queueAway(message: string, options: HolonErrorOptions<undefined> = {}): HolonError {
  return markOrigin(catalogueError("UNAVAILABLE", message, options), { layer: "queue", isPassing: true });
}
