import { randomUUID } from "node:crypto";
import { type Closable, isPassing } from "../../kernel/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { WorkData } from "../engine/work-database.ts";
import { WorkDatabase } from "../engine/work-database.ts";
import type { EventLimits } from "../inbox/event-limits.ts";
import { ackQueue, eventQueue } from "../inbox/event-message.ts";
import type { LeftWork } from "../left-work.ts";
import type { QueueBackend, QueueDepth } from "../queue/index.ts";
import { DeliveryWindow } from "./delivery-window.ts";
import { type QueueLoad, toEventBatches } from "./event-batches.ts";
import { type FailedRow, FailingRows, type Outcome } from "./failing-rows.ts";
import { type LeasedRow, OutboxLease, type ResendPatience } from "./outbox-lease.ts";

/** What a publisher is made from. */
export interface PublisherOptions extends TaskDeps {
  readonly data: WorkData;
  readonly backend: QueueBackend;
  readonly limits: EventLimits;
  readonly left: LeftWork;
}

/** Takes rows that are jobs, to bring them on their way. Errors: none of them was taken; those that do not pass are the fault of a row, or of the process. */
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

/** What became of the rows of a kind; and why it ended before all were tried, if a server is away. */
interface Sending extends Outcome {
  readonly untried: readonly LeasedRow[];
  readonly away?: { readonly error: unknown };
}

/** What a publisher takes: events, and jobs once they are dispatched. */
const KINDS = ["event", "job"];

/** Of the oldest unsent rows, how many are looked through for kinds that are not known. */
const LOOK_COUNT = 1_000;

/** Starts to publish the outbox of one context. Any number of processes may do so at once. */
export function createPublisher(options: PublisherOptions): Publisher {
  const publishing = new Publishing(options);
  publishing.start();
  return publishing;
}

/**
 * I1. It asks whether the queues can be reached before it takes anything: while they are away it writes nothing.
 * I2. After a server was away it tries one row, until that goes: the outbox is not written over and over.
 * I3. What a queue has no room for waits in the outbox, see {@link DeliveryWindow}; what still waits on a queue is not sent again.
 * I4. A row that fails by itself, and not because a server is away, holds up no others: those of its batch are sent one by one. It is given back at once,
 *     for other publishers may be able to send it; this one leaves it out for a time that it remembers, see {@link FailingRows}.
 * I5. If rows fail and none of their kind goes, this publisher may be at fault: its task fails, so that readiness says so, and it pauses between takes.
 */
class Publishing implements Publisher {
  readonly #options: PublisherOptions;
  readonly #name = randomUUID();
  readonly #lease: OutboxLease;
  readonly #window: DeliveryWindow;
  readonly #failing: FailingRows;
  readonly #sending: Task;
  readonly #refilling: Task;
  readonly #sweeping: Task;
  #dispatchJobs: Dispatch | undefined = undefined;
  #hasFailed = false;
  #unlisten: () => void = () => {};

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#lease = new OutboxLease(new WorkDatabase(options.data, options.clock));
    const { limits, backend, clock, log } = options;
    this.#window = new DeliveryWindow({ backend, lease: this.#lease, clock, queueCount: limits.queueCount, freshMs: limits.pollMs });
    this.#failing = new FailingRows({ clock, log, leastMs: limits.leaseMs, greatestMs: limits.failedRowGreatestMs });
    this.#sending = new Task({ ...options, task: "publisher", everyMs: limits.pollMs, run: () => this.#send() });
    this.#refilling = new Task({ ...options, task: "publisher of events that waited", everyMs: limits.pollMs, run: () => this.#refill() });
    this.#sweeping = new Task({ ...options, task: "outbox sweeper", everyMs: limits.sweepMs, run: () => this.#sweep() });
  }

  start(): void {
    this.#unlisten = this.#options.data.listenAppended(() => this.#sending.wake());
    this.#sending.wake();
    this.#refilling.wake();
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
    await Promise.all([this.#sending.close(), this.#refilling.close(), this.#sweeping.close()]);
  }

  async #send(): Promise<boolean> {
    const { limits, backend } = this.#options;
    if (!backend.reachable) return false;
    const dispatchJobs = this.#dispatchJobs;
    const count = this.#hasFailed ? 1 : limits.leaseCount;
    const kinds = dispatchJobs === undefined ? ["event"] : KINDS;
    const rows = await this.#lease.take({ publisher: this.#name, kinds, count, leaseMs: limits.leaseMs, leftOut: this.#failing.leftOut() });
    const sendings = await Promise.all([
      this.#sendAll("event", rows, (some) => this.#sendEvents(some)),
      this.#sendAll("job", rows, async (some) => dispatchJobs?.(some)),
    ]);
    for (const sending of sendings) this.#failing.note(sending);
    const away = sendings.map((sending) => sending.away).find((reason) => reason !== undefined);
    if (rows.length > 0) this.#hasFailed = away !== undefined;
    await this.#giveBack(sendings.flatMap(({ failed, untried }) => [...failed.map(({ row }) => row), ...untried]));
    const fault = away ?? this.#failing.doubt;
    if (fault !== undefined) throw fault.error;
    return rows.length === count;
  }

  async #giveBack(rows: readonly LeasedRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#lease.giveBack(
      this.#name,
      rows.map(({ position }) => position),
    );
  }

  async #sendEvents(events: readonly LeasedRow[]): Promise<void> {
    const { limits, data } = this.#options;
    const loads = toEventBatches(data.context, events, limits);
    await this.#window.look(loads.map(({ subscriber }) => subscriber));
    const [fitting, behind]: [QueueLoad[], string[]] = [[], []];
    for (const load of loads) {
      if (this.#window.admits(load.subscriber, load.jobs.length)) fitting.push(load);
      else behind.push(load.subscriber);
    }
    await this.#addAll(fitting);
    await this.#lease.sent(
      events.map(({ position }) => position),
      behind,
    );
    for (const name of behind) this.#window.fellBehind(name);
  }

  /** Sends what had no room, to subscribers whose queues have room again. */
  async #refill(): Promise<boolean> {
    if (!this.#options.backend.reachable) return false;
    await this.#window.look(this.#window.behind);
    const more = await allOver(this.#window.behind.map((name) => this.#refillOne(name)));
    return more.includes(true);
  }

  async #refillOne(name: string): Promise<boolean> {
    const { limits, data } = this.#options;
    // An event takes one message at most.
    const count = Math.min(limits.leaseCount, this.#window.room(name));
    if (count === 0) return false;
    const falls = this.#window.falls;
    const rows = await this.#lease.takeWaiting(name, count);
    try {
      await this.#addAll(toEventBatches(data.context, rows, limits));
    } catch (error) {
      await this.#lease.putBack(
        name,
        rows.map(({ position }) => position),
      );
      throw error;
    }
    if (rows.length === count) return true;
    this.#window.caughtUp(name, falls);
    return false;
  }

  async #addAll(loads: readonly QueueLoad[]): Promise<void> {
    const { backend } = this.#options;
    await allOver(loads.map(({ subscriber, queue, jobs }) => this.#window.adding(subscriber, jobs.length, () => backend.add(queue, jobs))));
  }

  /** Sends the rows of a kind together or, if that fails by itself, one by one (I4). It ends with the first failure that passes. */
  async #sendAll(kind: LeasedRow["kind"], taken: readonly LeasedRow[], send: Dispatch): Promise<Sending> {
    const rows = taken.filter((row) => row.kind === kind);
    const sent: LeasedRow[] = [];
    const failed: FailedRow[] = [];
    try {
      const failure = rows.length === 0 ? undefined : await failureOf(send(rows));
      if (failure === undefined) return { kind, sent: rows, failed, untried: [] };
      for (const row of rows) {
        const own = rows.length === 1 ? failure : await failureOf(send([row]));
        if (own === undefined) sent.push(row);
        else failed.push({ row, ...own });
      }
      return { kind, sent, failed, untried: [] };
    } catch (error) {
      return { kind, sent, failed, untried: rows.slice(sent.length + failed.length), away: { error } };
    }
  }

  async #sweep(): Promise<boolean> {
    const { left, backend } = this.#options;
    for (const { kind, count } of await this.#lease.unknownKinds(KINDS, LOOK_COUNT)) left.note("outbox", kind, count);
    return backend.reachable && (await this.#sendAgain());
  }

  /** Sends again what was lost, as far as its queue has room. Returns whether there was any. */
  async #sendAgain(): Promise<boolean> {
    const { limits, data } = this.#options;
    const overdue = await this.#overdueSubscribers();
    await this.#window.look(overdue.map(({ name }) => name));
    const rows: LeasedRow[] = [];
    for (const { name, patience } of overdue) {
      const count = this.#window.isAdding(name) ? 0 : Math.min(limits.leaseCount, this.#window.room(name));
      if (count > 0) rows.push(...(await this.#lease.takeOverdue(name, count, patience)));
    }
    await this.#addAll(toEventBatches(data.context, rows, limits));
    return rows.length > 0;
  }

  /**
   * Subscribers that acknowledge late, and after how long their events are taken to be lost. If nothing at all is on its way that is sure soon. Else
   * one is lost that was sent well before the oldest message that still waits, for queues hand out in order: a subscriber that is down for a day
   * gets nothing twice.
   */
  async #overdueSubscribers(): Promise<{ readonly name: string; readonly patience: ResendPatience }[]> {
    const { limits, backend, data } = this.#options;
    const { resendMs, resendLostMs } = limits;
    const soon = { firstMs: Math.min(resendLostMs, resendMs), greatestMs: resendMs };
    const overdue = await this.#lease.overdueSubscribers(soon);
    if (overdue.length === 0) return [];
    const acks = ackQueue(data.context);
    const areAcksIdle = isIdle(await backend.depth(acks));
    const acksMs = areAcksIdle ? 0 : await backend.waitingMs(acks);
    return Promise.all(
      overdue.map(async (name) => {
        const queue = eventQueue(name);
        if (areAcksIdle && isIdle(await backend.depth(queue))) return { name, patience: soon };
        const ms = resendMs + acksMs + (await backend.waitingMs(queue));
        return { name, patience: { firstMs: ms, greatestMs: ms } };
      }),
    );
  }
}

/** What work fails with by itself. Errors: those that pass. */
async function failureOf(work: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isPassing(error)) throw error;
    return { error };
  }
}

/** Whether nothing is on a queue, and nothing of it is in hand. */
function isIdle({ waiting, active, delayed }: QueueDepth): boolean {
  return waiting + active + delayed === 0;
}

/** Waits for all, also after one has failed: what is given back afterwards is no longer on its way. Errors: the first. */
async function allOver<Result>(pieces: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(pieces);
  return Promise.all(pieces);
}
