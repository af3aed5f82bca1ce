import { sqlState } from "../data/database-error.ts";
import { systemClock } from "../kernel/clock.ts";
import { catalogueError, isHolonError } from "../kernel/holon-error.ts";
import { OpenThings } from "../kernel/lifecycle.ts";
import { createLogger } from "../observe/logger.ts";
import type { App } from "../process/app/define-app.ts";
import type { Plan } from "../process/plan/plan.ts";
import { createConsole } from "../process/start/create-dashboard.ts";
import type { WorkConsole } from "../work/admin/work-console.ts";
import { UsageError } from "./command-line.ts";
import { renderWork } from "./work-list.ts";
import { openWorkStores } from "./work-stores.ts";

/** Postgres' code for a table that does not exist. */
const UNDEFINED_TABLE = "42P01";

/** Exit code if there is no work with the given id. */
const NOTHING_THERE = 1;

const DECISIONS: Readonly<Record<string, { readonly said: string; decide(work: WorkConsole, id: string): Promise<boolean> }>> = {
  rerun: { said: "runs again", decide: (work, id) => work.rerunJob(id) },
  release: { said: "is tried again", decide: (work, id) => work.releaseEvent(id) },
  skip: { said: "is skipped", decide: (work, id) => work.skipEvent(id) },
  resume: { said: "goes on", decide: (work, id) => work.resumeRun(id) },
  forget: { said: "is not told of events any more", decide: (work, id) => work.forgetSubscriber(id) },
};

/** The usage text of `work`. */
export const WORK_USAGE = `work [words]: shows what waits, failed or stands still, or decides about it; processes may run meanwhile or not.

  list                            shows all of it (the default)
  rerun <context> <job id>        runs a job again that failed for good
  release <context> <event id>    tries an event again that is parked, or waits no longer for one that has not come
  skip <context> <event id>       drops an event that is parked, or is held and needs a decision
  resume <context> <run id>       lets a workflow go on that is stuck
  forget <context> <subscriber>   tells a subscriber of no more events that is not part of the app any more
  -h, --help                      prints this text

Exit code 1 where nothing has this id, or something could not be reached.
`;

/**
 * Shows background work that waits, failed or is stuck, or decides about it, on the databases of the environment. Processes may run meanwhile or not.
 *
 * A job that is run again is taken by a process that runs jobs. Exit codes: 1 if nothing has this id, or if a database could not be reached.
 * Errors: UsageError for words that are not a command.
 */
export async function runWorkCommand(app: App, plan: Plan, words: readonly string[]): Promise<void> {
  assertWorkWords(words);
  const [action = "list", context, id] = words;
  const decision = Object.hasOwn(DECISIONS, action) ? DECISIONS[action] : undefined;
  const log = createLogger({ name: plan.name, level: "warn" });
  const open = new OpenThings(log);
  try {
    const consoles = await openConsoles(app, plan, open);
    if (decision === undefined) return print(await renderWork(consoles));
    const work = consoles.find((candidate) => candidate.context === context);
    if (work === undefined)
      throw new UsageError(`"${context}" is not a context with a database: there are ${consoles.map((known) => known.context).join(", ")}.`);
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

async function openConsoles(app: App, plan: Plan, open: OpenThings): Promise<readonly WorkConsole[]> {
  const log = createLogger({ name: plan.name, level: "warn" });
  const stores = await openWorkStores({ plan, open, clock: systemClock, log });
  return app.contexts.flatMap((module) => {
    const store = stores.get(module.name);
    return store === undefined ? [] : [createConsole(module, store, { backend: undefined, clock: systemClock, log })];
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
