import { existsSync } from "node:fs";
import path from "node:path";
import { type ContextData, createContextData, createNotifyHub, migrate } from "../../data/index.ts";
import type { ContextModule } from "../../define/index.ts";
import { startEmbeddedPostgres } from "../../dev/postgres/embedded-postgres.ts";
import type { Clock, Logger, OpenThings } from "../../kernel/index.ts";
import type { Plan } from "../plan/index.ts";

/** What {@link openDatabase} needs. */
export interface OpenDatabaseOptions {
  readonly plan: Plan;
  readonly modules: readonly ContextModule[];
  /** Folder with one folder of migrations a context. */
  readonly migrations: string;
  readonly open: OpenThings;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The databases of a process. */
export interface OpenDatabase {
  /** Address of the shared database, with its password; undefined where no context here uses one. */
  readonly url: string | undefined;
  readonly stores: ReadonlyMap<string, ContextData>;
}

/** Starts the embedded server where the plan says so, migrates the hosted contexts, and opens their pools. */
export async function openDatabase({ plan, modules, migrations, open, clock, log }: OpenDatabaseOptions): Promise<OpenDatabase> {
  const shared = await sharedUrl(plan, open, log);
  const stores = new Map<string, ContextData>();
  // Before the pools, so that it is closed after them.
  const hub = open.add("notifications", createNotifyHub({ log }));
  for (const module of modules) {
    const { name, tables } = module;
    if (!plan.databaseContexts.includes(name)) continue;
    const own = plan.contextDatabases[name];
    const url = own ?? shared;
    if (url === undefined) continue;
    const folder = tables === undefined ? undefined : path.join(migrations, name);
    if (folder !== undefined && !existsSync(folder)) {
      log.warn(
        { context: name, folder },
        "a context has tables and no migrations; make them with drizzle-kit generate, or its first statement fails",
      );
    }
    const { role } = await migrate({
      url,
      context: name,
      folder,
      role: own === undefined ? undefined : null,
      log,
    });
    const store = createContextData({
      context: name,
      url,
      role,
      tables: tables ?? {},
      limits: plan.limits,
      clock,
      log: log.child({ context: name }),
      hub,
    });
    stores.set(name, open.add(`database of ${name}`, store));
  }
  return { url: shared, stores };
}

async function sharedUrl({ database, name }: Plan, open: OpenThings, log: Logger): Promise<string | undefined> {
  if (database.kind === "none") return undefined;
  if (database.kind === "server") return database.url;
  const server = await startEmbeddedPostgres({ folder: database.folder, port: database.port ?? 0, database: name, log });
  open.add("embedded Postgres", { close: () => server.stop() });
  return server.url;
}
