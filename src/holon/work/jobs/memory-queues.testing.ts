import { catalogueError } from "../../kernel/holon-error.ts";
import type { Backlog, JobRun, QueueBackend, QueuedJob, QueueWorker, WorkOptions } from "../queue/queue-backend.ts";

interface Lane {
  readonly seen: Set<string>;
  readonly waiting: QueuedJob[];
  readonly timers: Set<NodeJS.Timeout>;
  readonly workers: {
    options: WorkOptions;
    readonly run: (job: JobRun) => Promise<unknown>;
    active: Set<Promise<unknown>>;
    closed: boolean;
  }[];
}

/** Queues in memory. They can lose all jobs, be unreachable, or refuse jobs. */
export class MemoryQueues implements QueueBackend {
  readonly kind = "redis";
  reachable = true;
  readonly fault = undefined;
  /** Whether all queues refuse jobs, although they can be reached. */
  isRefusing = false;
  /** The queues that refuse jobs while the others accept them. */
  readonly refusing = new Set<string>();
  /** How often a job could not be added. */
  refused = 0;
  /** The jobs that were added, each with its queue, in the order of adding. */
  readonly added: { readonly queue: string; readonly job: QueuedJob }[] = [];
  readonly #lanes = new Map<string, Lane>();
  readonly #sinceMs = new WeakMap<QueuedJob, number>();

  async add(queue: string, jobs: readonly QueuedJob[]): Promise<void> {
    if (!this.reachable || this.isRefusing || this.refusing.has(queue)) {
      this.refused++;
      throw catalogueError("UNAVAILABLE", "The queue is away.");
    }
    const lane = this.#lane(queue);
    for (const job of jobs) {
      if (lane.seen.has(job.id)) continue;
      lane.seen.add(job.id);
      this.added.push({ queue, job });
      if (job.delayMs === undefined) this.#push(lane, job);
      else {
        const timer = setTimeout(() => {
          lane.timers.delete(timer);
          this.#push(lane, job);
          this.#pump(lane);
        }, job.delayMs);
        lane.timers.add(timer);
      }
    }
    this.#pump(lane);
  }

  work(queue: string, options: WorkOptions, run: (job: JobRun) => Promise<unknown>): QueueWorker {
    const lane = this.#lane(queue);
    const worker = { options, run, active: new Set<Promise<unknown>>(), closed: false };
    lane.workers.push(worker);
    this.#pump(lane);
    return {
      resize: (concurrency) => {
        worker.options = { ...worker.options, concurrency };
        this.#pump(lane);
      },
      close: async () => {
        worker.closed = true;
        await Promise.allSettled([...worker.active]);
      },
    };
  }

  /** These queues ignore priorities: jobs are handed out in the order in which they were added. */
  async backlog(queue: string): Promise<Backlog> {
    const [next] = this.#lane(queue).waiting;
    const sinceMs = next === undefined ? undefined : this.#sinceMs.get(next);
    return { waitedMs: sinceMs === undefined ? 0 : performance.now() - sinceMs, priority: Number.POSITIVE_INFINITY, data: next?.data };
  }

  async handlingMs(): Promise<number> {
    return 0;
  }

  async depth(queue: string) {
    const lane = this.#lane(queue);
    return {
      waiting: lane.waiting.length,
      active: lane.workers.reduce((sum, { active }) => sum + active.size, 0),
      delayed: lane.timers.size,
      failed: 0,
    };
  }

  inspect(): never {
    throw new TypeError("there is nothing to inspect");
  }

  /** Loses all waiting jobs, as a restarted Redis does. Returns how many were lost. */
  empty(): number {
    let lost = 0;
    for (const lane of this.#lanes.values()) {
      lost += lane.waiting.splice(0).length + lane.timers.size;
      for (const timer of lane.timers) clearTimeout(timer);
      lane.timers.clear();
      lane.seen.clear();
    }
    return lost;
  }

  async close(): Promise<void> {
    this.empty();
  }

  #lane(queue: string): Lane {
    const lane = this.#lanes.get(queue) ?? { seen: new Set(), waiting: [], timers: new Set(), workers: [] };
    this.#lanes.set(queue, lane);
    return lane;
  }

  #push(lane: Lane, job: QueuedJob): void {
    this.#sinceMs.set(job, performance.now());
    lane.waiting.push(job);
  }

  #pump(lane: Lane): void {
    for (const worker of lane.workers) {
      while (!worker.closed && worker.active.size < worker.options.concurrency) {
        const job = lane.waiting.shift();
        if (job === undefined) break;
        const { id, name, data } = job;
        const run: Promise<unknown> = worker.run({ id, name, data, stalledCount: 0, isRetry: false, progress: async () => {} }).catch(() => {});
        worker.active.add(run);
        void run.then(() => {
          worker.active.delete(run);
          this.#pump(lane);
        });
      }
    }
  }
}
