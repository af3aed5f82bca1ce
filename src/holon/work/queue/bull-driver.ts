import type { Queue, QueueOptions, Worker, WorkerOptions } from "bullmq";
import { catalogueError, type HolonError, type HolonErrorOptions } from "../../kernel/holon-error.ts";
import { markOrigin } from "../../kernel/origin.ts";
import type { QueueBackend } from "./queue-backend.ts";

/** The function that a worker of BullMQ calls for each job. */
type BullProcessor = ConstructorParameters<typeof Worker>[1];

/** The first of the messages that wait. Units: milliseconds since 1970, by the clocks of the processes that added them. */
export interface FirstMessages {
  /** The one that is handed out next, and since when it could have been. */
  readonly next?: { readonly data: unknown; readonly priority: number; readonly sinceMs: number };
  /** The delayed one that is due first, and when. Workers move it to the others only when they ask for more. */
  readonly delayed?: { readonly data: unknown; readonly dueMs: number };
}

/** A place where BullMQ keeps its queues, Redis or Postgres, with its connections: all that differs between the two. */
export interface BullDriver {
  readonly kind: QueueBackend["kind"];
  readonly reachable: boolean;
  /** What fails, as a sentence for operators; undefined while all works. */
  readonly fault: string | undefined;
  /** Errors: UNAVAILABLE, at once, if the server is known to be away. */
  assertReachable(): void;
  openQueue(name: string, options: Omit<QueueOptions, "connection">): Queue;
  openWorker(name: string, run: BullProcessor, options: Omit<WorkerOptions, "connection">): Worker;
  /** Reads the first messages of a queue. BullMQ itself says only for Redis which one waits the longest. */
  first(queue: Queue): Promise<FirstMessages>;
  /** The worker is closed: its connection may be closed too. */
  workerClosed(): void;
  /** Pings the server, and notes whether it answers. Does not fail. */
  ping(): Promise<void>;
  /** Called for each error that a queue or a worker reports. */
  noteError(error: Error): void;
  /** Called after each request of this process: with its failure, or with undefined if it succeeded. */
  noteAnswer(failure: unknown): void;
  /** Closes the connections. Queues and workers are closed before. */
  close(): Promise<void>;
}

/** The error UNAVAILABLE, marked as made by the queue and as passing. */
export function queueAway(message: string, options: HolonErrorOptions<undefined> = {}): HolonError {
  return markOrigin(catalogueError("UNAVAILABLE", message, options), { layer: "queue", isPassing: true });
}
