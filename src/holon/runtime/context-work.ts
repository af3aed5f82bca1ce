import type { ContextModule } from "../context/index.ts";
import type { ContextData } from "../data/index.ts";
import type { Clock } from "../kernel/index.ts";
import { jobQueues, Subscriptions, subscribersOf, WorkDatabase } from "../work/index.ts";

/** Whether a context has anything to do behind its calls. */
export function hasWork(module: ContextModule): boolean {
  return workersOf(module) > 0;
}

/** Queues that a process works for a context, each with a connection of its own where queues live on Postgres. */
export function workersOf({ name, contract, subscribesTo, jobs }: ContextModule): number {
  const acknowledgements = Object.keys(contract.events).length > 0 ? 1 : 0;
  const events = Object.keys(subscribesTo).length > 0 ? 1 : 0;
  return acknowledgements + events + (Object.keys(jobs).length > 0 ? jobQueues(name, jobs).length : 0);
}

/** Writes down who hears the events of the contexts hosted here, before any of them can emit one, whatever the roles of the process. */
export async function writeSubscribers(
  hosted: readonly ContextModule[],
  app: readonly ContextModule[],
  stores: ReadonlyMap<string, ContextData>,
  clock: Clock,
): Promise<void> {
  for (const { name } of hosted) {
    const store = stores.get(name);
    if (store !== undefined) await new Subscriptions(new WorkDatabase(store, clock)).subscribe(subscribersOf(name, app));
  }
}
