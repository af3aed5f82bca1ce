import { randomUUID } from "node:crypto";
import type { ContextData } from "../../data/context-data.ts";
import type { Tables } from "../../data/drizzle/database.ts";
import type { DataTransaction } from "../../data/transaction/run-transaction.ts";
import type { Closable } from "../../kernel/lifecycle.ts";
import { type RetryPolicy, retry } from "../../kernel/retry.ts";
import { type ContextWorkDeps, Task } from "../engine/task.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import { LeftWork } from "../left-work.ts";
import { createPublisher, type Publisher } from "../outbox/create-publisher.ts";
import { Subscriptions } from "../outbox/subscriptions.ts";
import type { JobRun, QueueBackend, QueueWorker } from "../queue/queue-backend.ts";
import { UnknownMessages } from "../unknown-messages.ts";
import { AckSender, workAcknowledgements } from "./acknowledgements.ts";
import { EventConsumer } from "./event-consumer.ts";
import { EventFailures } from "./event-failures.ts";
import { EVENT_LIMITS, type EventLimits } from "./event-limits.ts";
import { asTheyCame, eventQueue, readEventBatch } from "./event-message.ts";
import { EventRoutes, type EventTransaction, type SubscribingContext, subscribersOf } from "./event-routes.ts";
import { type EventRunDeps, shareMsOf } from "./event-run.ts";
import { HandlerPauses } from "./handler-pauses.ts";
import { HeldEvents, HeldWorker } from "./held-events.ts";
import { Inbox } from "./inbox.ts";
import { ParkedEvents } from "./parked-events.ts";

/**
 * A restarted database is back after some seconds, within these attempts. If the events of a message cannot be taken by then, their producer sends them again.
 */
const TAKING: RetryPolicy = { attempts: 8, firstMs: 100, greatestMs: 4_000 };

interface EventWorkDeps {
  /** The context whose events are published, and which takes the events that it subscribes to. */
  readonly context: SubscribingContext;
  /** All contexts of the app, in this process or not. They say which of them subscribe to this one. */
  readonly app: readonly SubscribingContext[];
  /** Whether the contract of the context has events. If not, there are no acknowledgements to take. */
  readonly emits?: boolean;
  readonly data: WorkData & Pick<ContextData<Tables>, "lockTimeoutMs">;
  readonly backend: QueueBackend;
  /** Adds `emit`, `enqueue` and `start`, with the types of the context, to a transaction. */
  readonly openTransaction: (tx: DataTransaction<Tables>) => EventTransaction;
  readonly services: Omit<ContextWorkDeps, "newId" | "thread">;
  readonly limits?: Partial<EventLimits>;
}

/** The events of one context in one process: those that it emits and those that it takes. */
export interface EventWork extends Closable {
  /** Also publishes the jobs that transactions append. */
  readonly publisher: Publisher;
  readonly parked: ParkedEvents;
  /** Takes nothing new, lets handlers finish, and acknowledges what was taken. */
  close(): Promise<void>;
}

/**
 * Starts to publish the events of a context, and to take those that it subscribes to. Any number of processes may do so for one context.
 *
 * Guarantee: each event whose transaction committed has its effect once at each subscriber, whatever processes are killed and whatever queues are emptied. Only
 * the databases must keep their rows.
 * Errors: UNAVAILABLE - the database of the context cannot be reached.
 */
export async function startEventWork({
  context,
  app,
  emits = true,
  data,
  backend,
  openTransaction,
  services,
  limits: others = {},
}: EventWorkDeps): Promise<EventWork> {
  const limits = { ...EVENT_LIMITS, ...others };
  const { clock, timers, random, board } = services;
  const log = services.log.child({ context: context.name });
  const tasks = { clock, timers, log, random, board };
  const database = new WorkDatabase(data, clock);
  const subscriptions = new Subscriptions(database);
  // Done before this process can emit anything, because a subscriber gets only what is emitted after it was registered.
  await subscriptions.subscribe(subscribersOf(context.name, app));
  let closing = false;
  const isClosing = (): boolean => closing;
  const left = new LeftWork({ context: context.name, clock, log, count: services.left });
  const unknown = new UnknownMessages({ backend, left, newId: randomUUID });
  const publisher = createPublisher({ data, backend, limits, ...tasks, left });
  const acknowledgements = !emits
    ? undefined
    : workAcknowledgements({ ...tasks, producer: context.name, backend, subscriptions, unknown, policy: TAKING, isClosing });

  const acks = new AckSender(context.name, backend, log);
  const inbox = new Inbox(database);
  const routes = new EventRoutes(context);
  const pauses = new HandlerPauses({ clock, log, handlerMs: limits.handlerMs });
  const held = new HeldEvents({ database, inbox, limits, routes, pauses, ...tasks }, () => worker);
  const wakeHeld = (): void => held.wake();
  const failures = new EventFailures({ database, inbox, limits, random, log, wakeHeld });
  const { count } = services;
  const shareMs = shareMsOf({ handlerMs: limits.handlerMs, lockTimeoutMs: data.lockTimeoutMs });
  const running: EventRunDeps = {
    ...{ context: context.name, database, clock, timers, log, count, openTransaction, limits, shareMs },
    ...{ inbox, routes, failures, pauses, acks, wakeHeld },
  };
  const worker: HeldWorker = new HeldWorker(running);
  const consumer = new EventConsumer({ ...running, left, isClosing });
  const announcing = new Task({
    ...{ ...tasks, task: "subscriptions", everyMs: limits.subscribeMs },
    run: async () => {
      if (backend.reachable) for (const [producer, events] of routes.producers) await acks.subscribe(producer, events);
      return false;
    },
  });
  const taking = startTaking();

  function startTaking(): QueueWorker | undefined {
    if (routes.producers.size === 0) return undefined;
    held.start();
    announcing.wake();
    const queue = eventQueue(context.name);
    return backend.work(queue, { concurrency: limits.concurrencyCount }, async (run) => {
      const read = readEventBatch(run.data);
      if (read === undefined) return unknown.leave(queue, run);
      const { producer } = read.message;
      const { taken, refused, left: stopped } = await retry(services, TAKING, () => consumer.takeBatch(read.message), { isOver: isClosing });
      acks.taken(producer, taken);
      await putBack(run, asTheyCame(run.data, stopped));
      const events = [...read.unknown, ...asTheyCame(run.data, refused)];
      if (events.length > 0) await unknown.leave(queue, { ...run, data: { ...(run.data as object), events } });
    });
  }

  /** Puts the events that a stopping process did not reach back on the queue, for other processes. If that fails, their producer sends them again later. */
  async function putBack({ name, data: whole }: JobRun, events: readonly unknown[]): Promise<void> {
    if (events.length === 0) return;
    const queue = eventQueue(context.name);
    try {
      await backend.add(queue, [{ id: `e-${randomUUID()}`, name, data: { ...(whole as object), events } }]);
    } catch (error) {
      log.debug(
        { err: error, queue, count: events.length },
        "events that this stopping process did not reach could not be put back on their queue; their producer sends them again",
      );
    }
  }

  return {
    publisher,
    parked: new ParkedEvents({ database, inbox, handled: routes.names, wakeHeld }),
    async close() {
      closing = true;
      await Promise.all([announcing.close(), taking?.close(), held.close()]);
      await acks.idle();
      await Promise.all([publisher.close(), acknowledgements?.close()]);
    },
  };
}
