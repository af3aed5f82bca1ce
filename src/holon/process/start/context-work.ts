import type { ContextData } from "../../data/context-data.ts";
import type { ContextModule } from "../../define/define-context.ts";
import type { Clock } from "../../kernel/clock.ts";
import { WorkDatabase } from "../../work/engine/work-database.ts";
import { ackQueue, eventQueue } from "../../work/inbox/event-message.ts";
import { subscribersOf } from "../../work/inbox/event-routes.ts";
import { jobQueues } from "../../work/jobs/job-queues.ts";
import { Subscriptions } from "../../work/outbox/subscriptions.ts";
import type { DatabaseWait } from "./database-wait.ts";

/** Whether a context has any background work. */
export function hasWork(module: ContextModule): boolean {
  return queuesOf(module).length > 0 || hasWorkflows(module);
}

export function hasWorkflows({ workflows }: ContextModule): boolean {
  return !isEmpty(workflows);
}

/** Queues that a process takes work from for a context; each needs a connection of its own if the queues are on Postgres. */
export function queuesOf({ name, contract, subscribesTo, jobs }: ContextModule): readonly string[] {
  return [
    ...(isEmpty(contract.events) ? [] : [ackQueue(name)]),
    ...(isEmpty(subscribesTo) ? [] : [eventQueue(name)]),
    ...(isEmpty(jobs) ? [] : jobQueues(name, jobs).map(({ queue }) => queue)),
  ];
}

function isEmpty(declared: object): boolean {
  return Object.keys(declared).length === 0;
}

/**
 * Writes to the database which contexts subscribe to events of the hosted contexts, before such an event can be emitted. Every process that hosts contexts does
 * so, whatever its roles.
 */
export async function writeSubscribers(
  hosted: readonly ContextModule[],
  app: readonly ContextModule[],
  stores: ReadonlyMap<string, ContextData>,
  databaseWait: DatabaseWait,
  clock: Clock,
): Promise<void> {
  for (const { name } of hosted) {
    const store = stores.get(name);
    if (store === undefined) continue;
    const subscriptions = new Subscriptions(new WorkDatabase(store, clock));
    await databaseWait.run(databaseWait.databaseOf(name), () => subscriptions.subscribe(subscribersOf(name, app)));
  }
}
