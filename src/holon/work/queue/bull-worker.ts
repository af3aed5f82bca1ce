import type { Worker } from "bullmq";
import type { QueueWorker } from "./queue-backend.ts";

/** How long a closing worker may take, once its last job is over, to tell its backend what became of it. */
const GOODBYE_MS = 2_000;

/** A worker of BullMQ that closes also where its backend is away. */
export class BullQueueWorker implements QueueWorker {
  readonly #worker: Worker;
  readonly #running: ReadonlySet<Promise<unknown>>;
  readonly #onClosed: () => void;
  #closing: Promise<void> | undefined = undefined;

  constructor(worker: Worker, running: ReadonlySet<Promise<unknown>>, onClosed: () => void) {
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
    const patience = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS, "late");
    });
    try {
      const outcome = await Promise.race([closed, patience]);
      // By force, and without waiting for it: where the connection is away or was never there, `disconnect` waits for it without end.
      if (outcome === "late") this.#worker.backend.close(true).catch(() => {});
    } finally {
      clearTimeout(timer);
      this.#onClosed();
    }
  }
}
