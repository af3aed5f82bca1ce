import { randomUUID } from "node:crypto";
import { isLockTimeout } from "../../data/database-error.ts";
import type { BackoffBounds } from "../../kernel/backoff.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import type { EventLimits } from "../inbox/event-limits.ts";
import { ackQueue, eventQueue } from "../inbox/event-message.ts";
import type { LeftWork } from "../left-work.ts";
import { HandedOut } from "../queue/handed-out.ts";
import type { QueueBackend, QueueDepth } from "../queue/queue-backend.ts";
import { DeliveryWindow } from "./delivery-window.ts";
import { inGroups, type QueueLoad, toEventBatches } from "./event-batches.ts";
import { type FailedRow, FailingRows } from "./failing-rows.ts";
import { type LeasedRow, OutboxLease } from "./outbox-lease.ts";
import { type Dispatch, type Sending, sendRows } from "./send-rows.ts";

interface PublisherDeps extends TaskDeps {
  readonly data: WorkData;
  readonly backend: QueueBackend;
  readonly limits: EventLimits;
  readonly left: LeftWork;
}

/** Sends what a context's transactions appended: events to their subscribers, jobs to their table. */
export interface Publisher extends Closable {
  /**
   * Sets the function that takes over jobs. The function settles their rows (`settled_at`) when the jobs are in its own table. Rows that are not settled come
   * again when their lease ends, so a row that is taken over twice must have its effect once.
   */
  dispatchJobsTo(dispatch: Dispatch): void;
  /** Looks for new rows now. */
  wake(): void;
  close(): Promise<void>;
}

/** The kinds that a publisher takes: events; and jobs, after `dispatchJobsTo` was called. */
const KINDS: readonly LeasedRow["kind"][] = ["event", "job"];

/** Most rows of a kind that are left out, one after the other, because they met a lock. If more rows meet a lock, it is not the lock of a single row. */
const LOCKED_COUNT = 10;

/** While the oldest acknowledgement waits for longer than this, no event counts as lost: the acknowledgement of that event may wait as well. */
const ACKS_BEHIND_MS = 10 * 60_000;

/** How many of the oldest unsent rows are searched for unknown kinds. */
const LOOK_COUNT = 1_000;

/** Rows are sent in groups of at most this many full messages, because a queue must take each group within a few seconds. */
const GROUP_MESSAGES = 16;

/** Starts to publish the outbox of one context. Any number of processes may do so at once. */
export function createPublisher(deps: PublisherDeps): Publisher {
  const publishing = new Publishing(deps);
  publishing.start();
  return publishing;
}

/**
 * Publishes the outbox of one context.
 *
 * I1. Before the publisher takes rows, it checks that the queues can be reached. While they are away, it writes nothing.
 * I2. After a server was away, the publisher tries one row at a time of each kind concerned, until one is sent. So it does not write many rows of the outbox
 *     again and again. Rows of the other kind go on, because jobs and events need different servers and tables. A session of the database may hold a lock for
 *     hours. So a row that met a lock is not tried again while other rows of its kind can be tried. If the other row is sent, the row that met the lock has
 *     failed by itself (I4).
 * I3. Messages that a queue has no room for wait in the outbox, see {@link DeliveryWindow}. Messages that still wait on a queue are not sent again.
 * I4. A row that fails by itself, and not because a server is away, holds up no other rows: the rows of its batch are sent one by one. The failed row is given
 *     back at once, because another publisher may be able to send it. This publisher leaves the row out for some time, see {@link FailingRows}.
 * I5. If rows fail and no row of their kind is sent, this publisher may be at fault. Its task fails then, so that readiness shows it, and it pauses between
 *     takes.
 */
class Publishing implements Publisher {
  readonly #deps: PublisherDeps;
  readonly #name = randomUUID();
  readonly #lease: OutboxLease;
  readonly #window: DeliveryWindow;
  readonly #failing: FailingRows;
  readonly #sending: Task;
  readonly #refilling: Task;
  readonly #sweeping: Task;
  /** By the name of a subscriber: which messages have left its queue. */
  readonly #handedOut = new Map<string, HandedOut>();
  #dispatchJobs: Dispatch | undefined = undefined;
  /**
   * I2. Kinds whose rows could not be sent the last time, because a server was away. Each has the list of its rows that met a lock when they were tried alone.
   */
  readonly #awayKinds = new Map<LeasedRow["kind"], readonly FailedRow[]>();
  #unlisten: () => void = () => {};

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.#lease = new OutboxLease(new WorkDatabase(deps.data, deps.clock));
    const { limits, backend, clock, log } = deps;
    this.#window = new DeliveryWindow({ backend, lease: this.#lease, clock, queueCount: limits.queueCount, freshMs: limits.pollMs });
    this.#failing = new FailingRows({ clock, log, leastMs: limits.leaseMs, greatestMs: limits.failedRowGreatestMs });
    this.#sending = new Task({ ...deps, task: "publisher", everyMs: limits.pollMs, run: () => this.#send() });
    this.#refilling = new Task({ ...deps, task: "publisher of events that waited", everyMs: limits.pollMs, run: () => this.#refill() });
    this.#sweeping = new Task({ ...deps, task: "outbox sweeper", everyMs: limits.sweepMs, run: () => this.#sweep() });
  }

  start(): void {
    this.#unlisten = this.#deps.data.listenAppended(() => this.#sending.wake());
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
    const { limits, backend } = this.#deps;
    if (!backend.reachable) return false;
    const dispatchJobs = this.#dispatchJobs;
    const kinds = KINDS.filter((kind) => kind === "event" || dispatchJobs !== undefined);
    const untilMs = this.#sendUntilMs();
    const leftOut = this.#failing.leftOut();
    const take = (some: readonly LeasedRow["kind"][], count: number, locked: readonly FailedRow[] = []): Promise<readonly LeasedRow[]> => {
      const positions = [...leftOut.positions, ...locked.map(({ row }) => row.position)];
      return this.#lease.take({ publisher: this.#name, kinds: some, count, leaseMs: limits.leaseMs, leftOut: { ...leftOut, positions } });
    };
    const sure = kinds.filter((kind) => !this.#awayKinds.has(kind));
    const many = sure.length === 0 ? [] : await take(sure, limits.leaseCount);
    // I2.
    const single: LeasedRow[] = [];
    let lockFault: FailedRow | undefined;
    for (const [kind, locked] of this.#awayKinds) {
      const [row] = kinds.includes(kind) ? await take([kind], 1, locked) : [];
      if (row !== undefined) single.push(row);
      else if (locked.length > 0) {
        // No other row is left, so it is not known whether the lock is that of a single row.
        this.#awayKinds.set(kind, []);
        lockFault = locked.at(-1);
      }
    }
    const rows = [...many, ...single];
    const sendings = await Promise.all([
      this.#sendKind("event", rows, untilMs, (some) => this.#sendEvents(some)),
      this.#sendKind("job", rows, untilMs, async (some) => dispatchJobs?.(some)),
    ]);
    for (const sending of sendings) this.#note(sending, single);
    const away = sendings.map((sending) => sending.away).find((reason) => reason !== undefined);
    await this.#giveBack(sendings.flatMap(({ failed, untried }) => [...failed.map(({ row }) => row), ...untried]));
    const fault = away ?? lockFault ?? this.#failing.doubt;
    if (fault !== undefined) throw fault.error;
    return many.length === limits.leaseCount || single.length > 0 || sendings.some(({ untried }) => untried.length > 0);
  }

  /** Until when a further group of rows may be begun, so that all rows are sent before their lease ends. The first group is begun in any case. */
  #sendUntilMs(): number {
    const { clock, limits } = this.#deps;
    return clock.monotonicMs() + limits.leaseMs / 2;
  }

  #isLate(untilMs: number): boolean {
    return this.#deps.clock.monotonicMs() >= untilMs;
  }

  #sendKind(kind: LeasedRow["kind"], taken: readonly LeasedRow[], untilMs: number, send: Dispatch): Promise<Sending> {
    const groups = this.#groupsOf(taken.filter((row) => row.kind === kind));
    return sendRows({ kind, groups, isLate: () => this.#isLate(untilMs), send });
  }

  #groupsOf(rows: readonly LeasedRow[]): readonly (readonly LeasedRow[])[] {
    return inGroups(rows, GROUP_MESSAGES * this.#deps.limits.batchBytes);
  }

  #note(sending: Sending, single: readonly LeasedRow[]): void {
    const { kind, sent, failed, untried, away } = sending;
    const locked = this.#awayKinds.get(kind) ?? [];
    // I2.
    this.#failing.note(sent.length === 0 ? sending : { ...sending, failed: [...failed, ...locked] });
    if (away !== undefined) {
      const own = single.filter((row) => untried.includes(row) && isLockTimeout(away.error)).map((row) => ({ row, error: away.error }));
      this.#awayKinds.set(kind, locked.length < LOCKED_COUNT ? [...locked, ...own] : []);
    } else if (sent.length + failed.length > 0) this.#awayKinds.delete(kind);
  }

  async #giveBack(rows: readonly LeasedRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#lease.giveBack(
      this.#name,
      rows.map(({ position }) => position),
    );
  }

  async #sendEvents(events: readonly LeasedRow[]): Promise<void> {
    const { limits, data } = this.#deps;
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

  /** Sends events that had no room, to subscribers whose queues have room again. */
  async #refill(): Promise<boolean> {
    if (!this.#deps.backend.reachable) return false;
    await this.#window.look(this.#window.behind);
    const more = await allOver(this.#window.behind.map((name) => this.#refillOne(name)));
    return more.includes(true);
  }

  async #refillOne(name: string): Promise<boolean> {
    const { limits, data } = this.#deps;
    // An event needs one message at most.
    const count = Math.min(limits.leaseCount, this.#window.room(name));
    if (count === 0) return false;
    const falls = this.#window.falls;
    const untilMs = this.#sendUntilMs();
    const rows = await this.#lease.takeWaiting(name, count);
    let left = rows;
    try {
      for (const group of this.#groupsOf(rows)) {
        if (left.length < rows.length && this.#isLate(untilMs)) break;
        await this.#addAll(toEventBatches(data.context, group, limits));
        left = left.slice(group.length);
      }
    } finally {
      if (left.length > 0)
        await this.#lease.putBack(
          name,
          left.map(({ position }) => position),
        );
    }
    if (rows.length === count || left.length > 0) return true;
    this.#window.caughtUp(name, falls);
    return false;
  }

  async #addAll(loads: readonly QueueLoad[]): Promise<void> {
    const { backend } = this.#deps;
    await allOver(loads.map(({ subscriber, queue, jobs }) => this.#window.adding(subscriber, jobs.length, () => backend.add(queue, jobs))));
  }

  async #sweep(): Promise<boolean> {
    const { left, backend } = this.#deps;
    for (const { kind, count } of await this.#lease.unknownKinds(KINDS, LOOK_COUNT)) left.note("outbox", kind, count);
    return backend.reachable && (await this.#sendAgain());
  }

  /** Sends lost events again, as far as their queue has room. Returns whether there were any. */
  async #sendAgain(): Promise<boolean> {
    const { limits, data } = this.#deps;
    const overdue = await this.#overdueSubscribers();
    await this.#window.look(overdue.map(({ name }) => name));
    const rows: LeasedRow[] = [];
    for (const { name, waits } of overdue) {
      const count = this.#window.isAdding(name) ? 0 : Math.min(limits.leaseCount, this.#window.room(name));
      if (count > 0) rows.push(...(await this.#lease.takeOverdue(name, count, waits)));
    }
    for (const group of this.#groupsOf(rows)) await this.#addAll(toEventBatches(data.context, group, limits));
    return rows.length > 0;
  }

  /**
   * The subscribers that acknowledge late, and for each the time after which its events count as lost. An event without an acknowledgement counts as lost if it
   * was sent before the oldest message that waits or is being handled, see {@link HandedOut}. So a subscriber that is slow, or down for a day, gets nothing
   * twice. If nothing is on the queues, an event counts as lost after a shorter time, `resendLostMs`.
   */
  async #overdueSubscribers(): Promise<{ readonly name: string; readonly waits: BackoffBounds }[]> {
    const { limits, data, clock } = this.#deps;
    const { resendMs, resendLostMs } = limits;
    const soonMs = Math.min(resendLostMs, resendMs);
    const overdue = await this.#lease.overdueSubscribers({ firstMs: soonMs, greatestMs: resendMs });
    if (overdue.length === 0) return [];
    const atMs = clock.monotonicMs();
    const lags = await Promise.all(overdue.map((name) => this.#lagMs(eventQueue(name))));
    // The queue of acknowledgements is read last, because an event is acknowledged after it has left its queue.
    const acksMs = await this.#lagMs(ackQueue(data.context));
    return overdue.flatMap((name, at) => {
      const lagMs = lags[at];
      const areIdle = acksMs === undefined && lagMs === undefined;
      const handedOut = this.#handedOut.get(name) ?? new HandedOut(ACKS_BEHIND_MS + resendMs / 2);
      this.#handedOut.set(name, handedOut);
      handedOut.note({ waitedMs: lagMs ?? 0, priority: Number.POSITIVE_INFINITY }, atMs);
      const lost = handedOut.lostAt(clock.monotonicMs(), (areIdle ? soonMs : resendMs) / 2, acksMs);
      if (lost === undefined) return [];
      const firstMs = Math.max(lost.forMs, soonMs);
      return [{ name, waits: { firstMs, greatestMs: Math.max(firstMs, areIdle ? resendMs : 0) } }];
    });
  }

  /** For how long a queue has had the oldest message that waits there or is being handled; undefined if it has no message. */
  async #lagMs(queue: string): Promise<number | undefined> {
    const { backend } = this.#deps;
    if (isIdle(await backend.depth(queue))) return undefined;
    // Read in this order, because a message that stops waiting between the two reads is being handled.
    const { waitedMs } = await backend.backlog(queue);
    return Math.max(waitedMs, await backend.handlingMs(queue));
  }
}

/** Whether a queue holds nothing, and none of its messages is being handled. */
function isIdle({ waiting, active, delayed }: QueueDepth): boolean {
  return waiting + active + delayed === 0;
}

/** Waits for all pieces of work, even after one has failed, so that no row that is given back afterwards is still being sent. Errors: the first failure. */
async function allOver<Result>(pieces: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(pieces);
  return Promise.all(pieces);
}
