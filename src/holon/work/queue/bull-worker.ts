import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "bullmq";
import type { QueueWorker } from "./queue-backend.ts";

/** How long a closing worker may take to report the outcome of its last job to its backend. */
const GOODBYE_MS = 2_000;

/** The pause of a worker that could not ask for the next job. */
const PAUSE_MS = 250;

/** The method with which a worker of BullMQ asks for the next job. It is private there. */
interface Asking {
  _getNextJob(...args: readonly unknown[]): Promise<unknown>;
}

/**
 * Lets a worker pause when it could not ask for the next job. BullMQ itself asks again at once: when a server refused the request, or a connection could not be
 * opened, a process was seen to do nothing but ask.
 */
function pauseAfterFailures(worker: Worker): void {
  const asking = worker as unknown as Asking;
  const ask = asking._getNextJob.bind(worker);
  asking._getNextJob = async (...args) => {
    try {
      return await ask(...args);
    } catch (error) {
      await sleep(PAUSE_MS);
      throw error;
    }
  };
}

/** A worker of BullMQ that pauses when it could not ask for the next job, and that can be closed even while its backend is away. */
export class BullQueueWorker implements QueueWorker {
  readonly #worker: Worker;
  readonly #running: ReadonlySet<Promise<unknown>>;
  readonly #onClosed: () => void;
  #closing: Promise<void> | undefined = undefined;

  constructor(worker: Worker, running: ReadonlySet<Promise<unknown>>, onClosed: () => void) {
    pauseAfterFailures(worker);
    this.#worker = worker;
    this.#running = running;
    this.#onClosed = onClosed;
  }

  resize(concurrency: number): void {
    this.#worker.concurrency = concurrency;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = this.#worker.close();
    await Promise.allSettled(this.#running);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS, "late");
    });
    try {
      const outcome = await Promise.race([closed, late]);
      // Closes by force, without waiting. If the connection is away or was never opened, `disconnect` would wait for it for ever.
      if (outcome === "late") this.#worker.backend.close(true).catch(() => {});
    } finally {
      clearTimeout(timer);
      this.#onClosed();
    }
  }
}
