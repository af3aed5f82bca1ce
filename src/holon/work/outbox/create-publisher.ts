import { randomUUID } from "node:crypto";
import type { Closable } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { WorkData } from "../engine/work-database.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import type { EventLimits } from "../inbox/event-limits.ts";
import { ackQueue, eventQueue } from "../inbox/event-message.ts";
import type { LeftWork } from "../left-work.ts";
import type { QueueBackend, QueueDepth } from "../queue/index.ts";
import { type QueueLoad, toEventBatches } from "./event-batches.ts";
import { type LeasedRow, OutboxLease, type ResendPatience } from "./outbox-lease.ts";

/** What a publisher is made from. */
export interface PublisherOptions extends TaskDeps {
  readonly data: WorkData;
  readonly backend: QueueBackend;
  readonly limits: EventLimits;
  readonly left: LeftWork;
}

/** Takes rows that are jobs, to bring them on their way; throws where it could not take them. */
export type Dispatch = (rows: readonly LeasedRow[]) => Promise<void>;

/** Brings what a context's transactions appended to those who wait for it. */
export interface Publisher extends Closable {
  /**
   * Hands jobs to whoever works them. It settles their rows (`settled_at`) when it has made them its own: rows that are not settled come
   * again when their lease ends, so taking one twice must be taking it once.
   */
  dispatchJobsTo(dispatch: Dispatch): void;
  /** Looks at once. */
  wake(): void;
  close(): Promise<void>;
}

/** What a publisher takes: events, and jobs once they are dispatched. */
const KINDS = ["event", "job"];

/** Of the oldest unsent rows, how many are looked through for kinds that are not known. */
const LOOK_COUNT = 1_000;

/** How many times longer than usual a subscriber whose queue is not empty is left to work it off, before it gets its events again. */
const PATIENCE = 4;

/** Starts to publish the outbox of one context. Any number of processes may do so at once. */
export function createPublisher(options: PublisherOptions): Publisher {
  const publishing = new Publishing(options);
  publishing.start();
  return publishing;
}

class Publishing implements Publisher {
  readonly #options: PublisherOptions;
  readonly #name = randomUUID();
  readonly #lease: OutboxLease;
  readonly #sending: Task;
  readonly #sweeping: Task;
  #dispatchJobs: Dispatch | undefined = undefined;
  #unlisten: () => void = () => {};

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#lease = new OutboxLease(new WorkDatabase(options.data, options.clock));
    const { limits } = options;
    this.#sending = new Task({ ...options, task: "publisher", everyMs: limits.pollMs, run: () => this.#send() });
    this.#sweeping = new Task({ ...options, task: "outbox sweeper", everyMs: limits.sweepMs, run: () => this.#sweep() });
  }

  start(): void {
    this.#unlisten = this.#options.data.listenAppended(() => this.#sending.wake());
    this.#sending.wake();
    this.#sweeping.wake();
  }

  dispatchJobsTo(dispatch: Dispatch): void {
    this.#dispatchJobs = dispatch;
    this.wake();
  }

  wake(): void {
    this.#sending.wake();
  }

  async close(): Promise<void> {
    this.#unlisten();
    await Promise.all([this.#sending.close(), this.#sweeping.close()]);
  }

  async #send(): Promise<boolean> {
    const { limits, data, backend } = this.#options;
    const dispatchJobs = this.#dispatchJobs;
    const kinds = dispatchJobs === undefined ? ["event"] : KINDS;
    const rows = await this.#lease.take({ publisher: this.#name, kinds, count: limits.leaseCount, leaseMs: limits.leaseMs });
    const events = rows.filter(({ kind }) => kind === "event");
    const jobs = rows.filter(({ kind }) => kind === "job");
    const outcomes = await Promise.allSettled([
      this.#orGiveBack(events, async () => {
        await addAll(backend, toEventBatches(data.context, events, limits));
        await this.#lease.sent(events.map(({ position }) => position));
      }),
      this.#orGiveBack(jobs, async () => dispatchJobs?.(jobs)),
    ]);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return rows.length === limits.leaseCount;
  }

  async #orGiveBack(rows: readonly LeasedRow[], work: () => Promise<void>): Promise<void> {
    if (rows.length === 0) return;
    try {
      await work();
    } catch (error) {
      await this.#lease.giveBack(rows.map(({ position }) => position));
      throw error;
    }
  }

  async #sweep(): Promise<boolean> {
    const { limits, left } = this.#options;
    for (const { kind, count } of await this.#lease.unknownKinds(KINDS, LOOK_COUNT)) left.note("outbox", kind, count);
    const rows: LeasedRow[] = [];
    for (const { patience, names } of await this.#silentSubscribers()) {
      if (names.length > 0) rows.push(...(await this.#lease.takeOverdue(names, limits.leaseCount, patience)));
    }
    await addAll(this.#options.backend, toEventBatches(this.#options.data.context, rows, limits));
    return rows.length > 0;
  }

  /**
   * Subscribers that acknowledge late although their queue is empty: it lost something. Where nothing at all is on its way that is sure at once.
   * One with a full queue is slow, or not there, and left alone.
   */
  async #silentSubscribers(): Promise<{ readonly patience: ResendPatience; readonly names: readonly string[] }[]> {
    const { resendMs, resendLostMs } = this.#options.limits;
    const soon = { firstMs: Math.min(resendLostMs, resendMs), greatestMs: resendMs };
    const usual = { firstMs: resendMs, greatestMs: resendMs };
    const overdue = await this.#lease.overdueSubscribers(soon);
    if (overdue.length === 0) return [];
    const [acks, ...depths] = await Promise.all([ackQueue(this.#options.data.context), ...overdue.map(eventQueue)].map((name) => this.#depth(name)));
    const late = { firstMs: resendMs * PATIENCE, greatestMs: resendMs * PATIENCE };
    return [
      { patience: soon, names: overdue.filter((_, index) => isIdle(acks) && isIdle(depths[index])) },
      { patience: usual, names: overdue.filter((_, index) => depths[index]?.waiting === 0) },
      { patience: late, names: overdue },
    ];
  }

  #depth(queue: string): Promise<QueueDepth> {
    return this.#options.backend.depth(queue);
  }
}

/** Whether nothing is on a queue, and nobody has anything of it in hand. */
function isIdle(depth: QueueDepth | undefined): boolean {
  return depth !== undefined && depth.waiting + depth.active + depth.delayed === 0;
}

async function addAll(backend: QueueBackend, loads: readonly QueueLoad[]): Promise<void> {
  await Promise.all(loads.map(({ queue, jobs }) => backend.add(queue, jobs)));
}
