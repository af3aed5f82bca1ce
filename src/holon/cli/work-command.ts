import { existsSync } from "node:fs";
import path from "node:path";
import { type ContextData, createContextData } from "../data/context-data.ts";
import { sqlState } from "../data/database-error.ts";
import { contextRole } from "../data/migrate/migrate.ts";
import { clusterUrl } from "../dev/postgres/cluster.ts";
import { startEmbeddedPostgres } from "../dev/postgres/embedded-postgres.ts";
import { systemClock } from "../kernel/clock.ts";
import { catalogueError, isHolonError } from "../kernel/holon-error.ts";
import { OpenThings } from "../kernel/lifecycle.ts";
import type { Logger } from "../kernel/log.ts";
import { createLogger } from "../observe/logger.ts";
import { redactText } from "../observe/redaction.ts";
import type { App } from "../process/app/define-app.ts";
import type { Plan } from "../process/plan/plan.ts";
import { renderTable } from "../process/plan/render-plan.ts";
import { createAdmin } from "../process/start/create-dashboard.ts";
import type { WorkAdmin } from "../work/admin/work-admin.ts";
import { UsageError } from "./command-line.ts";

/** Postgres' code for a table that does not exist. */
const UNDEFINED_TABLE = "42P01";

/** Exit code if there is no work with the given id. */
const NOTHING_THERE = 1;

const DECISIONS: Readonly<Record<string, { readonly said: string; decide(work: WorkAdmin, id: string): Promise<boolean> }>> = {
  rerun: { said: "runs again", decide: (work, id) => work.rerunJob(id) },
  release: { said: "is tried again", decide: (work, id) => work.releaseEvent(id) },
  skip: { said: "is skipped", decide: (work, id) => work.skipEvent(id) },
  resume: { said: "goes on", decide: (work, id) => work.resumeRun(id) },
  forget: { said: "gets no events any more", decide: (work, id) => work.forgetSubscriber(id) },
};

/** The usage text of `work`. */
export const WORK_USAGE = `work [words]: shows background work that waits, failed or is stuck, or carries out a decision about it.
The processes of the app may be running or not.

  list                            shows all of it (the default)
  rerun <context> <job id>        runs a job again that failed for good
  release <context> <event id>    tries a parked event again; handles a held event without the event that it waits for
  skip <context> <event id>       drops an event that is parked, or is held and needs a decision
  resume <context> <run id>       lets a stuck run of a workflow go on
  forget <context> <subscriber>   keeps no more events for a subscriber that is not part of the app any more
  -h, --help                      prints this text

The exit code is 1 if nothing has this id, or if something could not be reached.
`;

/**
 * Shows background work that waits, failed or is stuck, or carries out a decision about it, on the databases of the environment. The processes of the app may
 * be running or not.
 *
 * `rerun` does not run the job here: a process with the role `jobs` takes it. Exit codes: 1 if nothing has this id, or if a database could not be reached.
 * Errors: UsageError for words that are not a command.
 */
export async function runWorkCommand(app: App, plan: Plan, words: readonly string[]): Promise<void> {
  assertWorkWords(words);
  const [action = "list", context, id] = words;
  const decision = Object.hasOwn(DECISIONS, action) ? DECISIONS[action] : undefined;
  const log = createLogger({ name: plan.name, level: "warn" });
  const open = new OpenThings(log);
  try {
    const admins = await openAdmins(app, plan, open);
    if (decision === undefined) return print(await renderWork(admins));
    const work = admins.find((candidate) => candidate.context === context);
    if (work === undefined)
      throw new UsageError(`"${context}" is not a context with a database: there are ${admins.map((known) => known.context).join(", ")}.`);
    const isDone = await decision.decide(work, String(id));
    print(isDone ? `${id} of ${context} ${decision.said}.` : `Nothing to ${action} in ${context} has the id ${id}.`);
    if (!isDone) process.exitCode = NOTHING_THERE;
  } catch (error) {
    const isEmpty = isHolonError(error) && sqlState(error.cause) === UNDEFINED_TABLE;
    throw isEmpty ? catalogueError("UNAVAILABLE", "The database has no tables of the app yet: start the app once.") : error;
  } finally {
    await open.close();
  }
}

/** Errors: UsageError for words that are not a command. */
export function assertWorkWords(words: readonly string[]): void {
  const [action = "list", context, id, ...rest] = words;
  const isComplete = action === "list" ? context === undefined : Object.hasOwn(DECISIONS, action) && id !== undefined && rest.length === 0;
  if (!isComplete) throw new UsageError(`"work ${words.join(" ")}" is not understood.`);
}

async function openAdmins(app: App, plan: Plan, open: OpenThings): Promise<readonly WorkAdmin[]> {
  const log = createLogger({ name: plan.name, level: "warn" });
  const stores = await openWorkStores(plan, open, log);
  return app.contexts.flatMap((module) => {
    const store = stores.get(module.name);
    return store === undefined ? [] : [createAdmin(module, store, { clock: systemClock, log })];
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * The data of the contexts that a plan names, for commands that show background work and decide about it. The processes of the app may be running or not.
 * Nothing is migrated.
 *
 * Errors: UNAVAILABLE if there is no database, or if no process has started on it yet.
 */
async function openWorkStores(plan: Plan, open: OpenThings, log: Logger): Promise<ReadonlyMap<string, ContextData>> {
  const shared = await sharedUrl(plan, open, log);
  const stores = new Map<string, ContextData>();
  for (const context of plan.databaseContexts) {
    const own = plan.contextDatabases[context];
    const url = own ?? shared;
    if (url === undefined) continue;
    const role = own === undefined ? await contextRole({ url, context }) : undefined;
    stores.set(
      context,
      open.add(`database of ${context}`, createContextData({ context, url, role, tables: {}, limits: plan.limits, clock: systemClock, log })),
    );
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

/** The most rows of each kind that are listed for a context. */
const SHOWN_COUNT = 100;
const REASON_LENGTH = 120;

/** Background work that waits, failed or is stuck, for a terminal. Errors: those of a database that cannot be read. */
export async function renderWork(admins: readonly WorkAdmin[]): Promise<string> {
  const parts = [await renderCounts(admins)];
  for (const work of admins) parts.push(...(await renderTroubles(work)));
  return parts.join("\n\n");
}

async function renderCounts(admins: readonly WorkAdmin[]): Promise<string> {
  const headings = ["context", "outbox", "lag s", "held", "parked", "jobs waiting", "running", "failed", "stuck runs"];
  const rows = await Promise.all(
    admins.map(async ({ context, counts }) => {
      const { outboxCount, outboxLagMs, heldCount, parkedCount, jobs, stuckCount } = await counts();
      const numbers = [outboxCount, Math.round(outboxLagMs / 1_000), heldCount, parkedCount, jobs.waiting, jobs.running, jobs.failed, stuckCount];
      return [context, ...numbers.map(String)];
    }),
  );
  return renderTable(headings, rows);
}

async function renderTroubles(work: WorkAdmin): Promise<string[]> {
  const { context } = work;
  const [jobs, unknown, events, stranded, runs, versions] = await Promise.all([
    work.failedJobs(SHOWN_COUNT),
    work.unknownJobs(SHOWN_COUNT),
    work.parkedEvents(SHOWN_COUNT),
    work.strandedEvents(SHOWN_COUNT),
    work.stuckRuns(SHOWN_COUNT),
    work.runVersions(),
  ]);
  const tables = [
    table(`failed jobs of ${context}`, ["id", "job", "attempts", "reason"], jobs, ({ id, name, attempts, reason }) => [
      id,
      name,
      String(attempts),
      short(reason),
    ]),
    table(
      `jobs of ${context} that this version does not have`,
      ["job", "waiting", "oldest due s", "cure"],
      unknown,
      ({ name, count, oldestDueMs, cure }) => [oneLine(name), String(count), String(Math.round(oldestDueMs / 1_000)), cure],
    ),
    table(`parked events of ${context}`, ["id", "event", "key", "reason"], events, ({ id, producer, name, key, reason }) => [
      ...[id, `${producer}.${name}`, oneLine(key ?? "none"), short(reason)],
    ]),
    table(`held events of ${context} that need a decision`, ["id", "event", "key", "why"], stranded, ({ id, producer, name, key, reason }) => [
      ...[id, oneLine(`${producer}.${name}`), oneLine(key ?? "none"), reason],
    ]),
    table(`stuck runs of ${context}`, ["id", "workflow", "key", "reason"], runs, ({ id, workflow, version, key, reason }) => [
      ...[id, `${workflow} ${version}`, oneLine(key), short(reason)],
    ]),
    table(
      `versions of workflows of ${context}`,
      ["workflow", "open runs", "body", "what to do"],
      versions,
      ({ workflow, version, openCount, hasBody, advice }) => [
        ...[oneLine(`${workflow}@${version}`), String(openCount), hasBody ? "here" : "missing", oneLine(advice)],
      ],
    ),
  ];
  return tables.flat();
}

function table<Item>(title: string, headings: readonly string[], items: readonly Item[], toRow: (item: Item) => readonly string[]): string[] {
  return items.length === 0 ? [] : [`${title}\n${renderTable(headings, items.map(toRow))}`];
}

function short(reason: string | null): string {
  const text = oneLine(redactText(reason ?? "unknown"));
  return text.length > REASON_LENGTH ? `${text.slice(0, REASON_LENGTH)}...` : text;
}

/** Reasons and keys may come from any user, so characters that control a terminal are removed. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
