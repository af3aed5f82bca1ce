import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type ContextData, createContextData } from "../../data/context-data.ts";
import { migrate } from "../../data/migrate/migrate.ts";
import { createNotifyHub } from "../../data/notify/notify-hub.ts";
import type { ContextModule } from "../../define/define-context.ts";
import { startEmbeddedPostgres } from "../../dev/postgres/embedded-postgres.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { OpenThings } from "../../kernel/lifecycle.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Plan } from "../plan/plan.ts";
import type { DatabaseWait } from "./database-wait.ts";

interface OpenDatabaseDeps {
  readonly plan: Plan;
  readonly modules: readonly ContextModule[];
  /** Folder with one folder of migrations for each context. */
  readonly migrations: string;
  readonly open: OpenThings;
  /** Waits for databases that do not answer. */
  readonly databaseWait: DatabaseWait;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The databases of a process. */
export interface OpenDatabase {
  /** Address of the shared database, with its password; undefined if no context here uses one. */
  readonly url: string | undefined;
  readonly stores: ReadonlyMap<string, ContextData>;
  /** Contexts whose tables are not as their code needs them. Every statement could fail, so these contexts answer no call and do no work. */
  readonly differing: ReadonlyMap<string, DifferingTables>;
}

/** Why a context cannot work with its tables. */
interface DifferingTables {
  /** A sentence for operators, without its full stop. */
  readonly reason: string;
  /** What the operator can do about it. */
  readonly cure: string;
}

/** Starts the embedded server if the plan says so, waits for the databases of the hosted contexts, migrates them, and opens their pools. */
export async function openDatabase({ plan, modules, migrations, open, databaseWait, clock, log }: OpenDatabaseDeps): Promise<OpenDatabase> {
  const shared = await sharedUrl(plan, open, log);
  const stores = new Map<string, ContextData>();
  const differing = new Map<string, DifferingTables>();
  // Opened before the pools, so that it is closed after them.
  const hub = open.add("notifications", createNotifyHub({ clock, log }));
  for (const module of modules) {
    const { name, tables } = module;
    if (!plan.databaseContexts.includes(name)) continue;
    const own = plan.contextDatabases[name];
    const url = own ?? shared;
    if (url === undefined) continue;
    const folder = tables === undefined ? undefined : path.join(migrations, name);
    const migration = { url, context: name, folder, tables, role: own === undefined ? undefined : null, log, clock };
    const { role, differences } = await databaseWait.run(databaseWait.databaseOf(name), () => migrate(migration));
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
    if (differences.length === 0) continue;
    const found = { reason: `the tables of ${name} are not as its code needs them: ${differences.join("; ")}`, cure: cureOf(name, migrations) };
    log.error({ context: name, cure: found.cure }, `${found.reason}. The context answers no call and does no work.`);
    differing.set(name, found);
  }
  return { url: shared, stores, differing };
}

/** The command that makes the missing migration: the project's own script if it has one. */
function cureOf(context: string, migrations: string): string {
  const folder = path.relative(process.cwd(), path.join(migrations, context));
  const command = ownScript() ?? `npx drizzle-kit generate --dialect postgresql --schema <the file with its tables> --out ${folder}`;
  const isThere = existsSync(path.join(migrations, context, "meta/_journal.json"));
  return `${isThere ? `${folder} has no migration that makes them so` : `there are no migrations in ${folder}`}. Make one and start again: ${command}`;
}

function ownScript(): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly scripts?: Readonly<Record<string, string>> };
    const name = Object.entries(scripts ?? {}).find(([, script]) => script.includes("drizzle-kit generate"))?.[0];
    return name === undefined ? undefined : `npm run ${name} (drizzle-kit generate)`;
  } catch {
    return undefined;
  }
}

async function sharedUrl({ database, name }: Plan, open: OpenThings, log: Logger): Promise<string | undefined> {
  if (database.kind === "none") return undefined;
  if (database.kind === "server") return database.url;
  const server = await startEmbeddedPostgres({ folder: database.folder, port: database.port ?? 0, database: name, log });
  open.add("embedded Postgres", { close: () => server.stop() });
  return server.url;
}
