import { existsSync } from "node:fs";
import path from "node:path";
import { type ContextData, createContextData } from "../data/context-data.ts";
import { contextRole } from "../data/migrate/migrate.ts";
import { clusterUrl } from "../dev/postgres/cluster.ts";
import { startEmbeddedPostgres } from "../dev/postgres/embedded-postgres.ts";
import type { Clock } from "../kernel/clock.ts";
import { catalogueError, isHolonError } from "../kernel/holon-error.ts";
import type { OpenThings } from "../kernel/lifecycle.ts";
import type { Logger } from "../kernel/log.ts";
import type { Plan } from "../process/plan/plan.ts";

/** Options of {@link openWorkStores}. */
interface WorkStoresOptions {
  readonly plan: Plan;
  readonly open: OpenThings;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The data of the contexts that a plan names, for commands that show background work and decide about it. Processes may run at the same time or not. It
 * migrates nothing.
 *
 * Errors: UNAVAILABLE - no database, or one on which no process has started yet.
 */
export async function openWorkStores({ plan, open, clock, log }: WorkStoresOptions): Promise<ReadonlyMap<string, ContextData>> {
  const shared = await sharedUrl(plan, open, log);
  const stores = new Map<string, ContextData>();
  for (const context of plan.databaseContexts) {
    const own = plan.contextDatabases[context];
    const url = own ?? shared;
    if (url === undefined) continue;
    const role = own === undefined ? await contextRole({ url, context }) : undefined;
    stores.set(context, open.add(`database of ${context}`, createContextData({ context, url, role, tables: {}, limits: plan.limits, clock, log })));
  }
  return stores;
}

async function sharedUrl({ database, name }: Plan, open: OpenThings, log: Logger): Promise<string | undefined> {
  if (database.kind === "none") return undefined;
  if (database.kind === "server") return database.url;
  const { folder, port = 0 } = database;
  if (!existsSync(path.join(folder, "data"))) throw catalogueError("UNAVAILABLE", `There is no database in ${folder} yet: start the app once.`);
  try {
    const server = await startEmbeddedPostgres({ folder, port, database: name, log });
    open.add("embedded Postgres", { close: () => server.stop() });
    return server.url;
  } catch (error) {
    const running = isHolonError(error, "CONFLICT") ? (error.details as { readonly port?: number | null } | undefined)?.port : undefined;
    if (typeof running !== "number") throw error;
    return clusterUrl(folder, running, name);
  }
}
