import { isConnectionLoss, sqlState } from "../../data/database-error.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import { isPassing } from "../../kernel/origin.ts";
import { type RetryDeps, retry } from "../../kernel/retry.ts";
import { ConfigurationError, maskedUrl } from "../plan/configuration-error.ts";
import type { Plan } from "../plan/plan.ts";
import { contextVariables } from "../plan/variables.ts";

/** Waits between two attempts. Units: milliseconds. */
const WAITS = { firstMs: 250, greatestMs: 2_000 };

/** How often the log reports that the start still waits. */
const SAY_MS = 10_000;

/** SQLSTATEs of a login or database that the server refuses: waiting does not help. */
const REFUSED: Readonly<Record<string, string>> = {
  "28P01": "Set it to the login and password of this database.",
  "28000": "Set it to a login that this server lets in, from here (pg_hba.conf).",
  "3D000": "Make the database, or set it to one that exists.",
};

/** A database that a start needs, with the variable that names it. */
interface NeededDatabase {
  readonly variable: string;
  /** Undefined for the embedded database. */
  readonly url: string | undefined;
}

interface DatabaseWaitDeps extends RetryDeps {
  readonly plan: Pick<Plan, "database" | "contextDatabases" | "queueDatabase" | "limits">;
  readonly log: Logger;
}

/**
 * Lets a start wait for databases that do not answer: processes and servers may be started in any order, and a slow machine takes time.
 *
 * A login or database that the server refuses is a fault of the configuration, and is reported at once.
 */
export class DatabaseWait {
  readonly #deps: DatabaseWaitDeps;

  constructor(deps: DatabaseWaitDeps) {
    this.#deps = deps;
  }

  /** The database of a context. */
  databaseOf(context: string): NeededDatabase {
    const { database, contextDatabases } = this.#deps.plan;
    const own = contextDatabases[context];
    if (own !== undefined) return { variable: contextVariables(context).database, url: own };
    if (database.kind === "server") return { variable: "DATABASE_URL", url: database.url };
    return { variable: "HOLON_EMBEDDED_FOLDER", url: undefined };
  }

  /** The database of the queues, if they are on Postgres. */
  databaseOfQueues(): NeededDatabase {
    const { database, queueDatabase: url } = this.#deps.plan;
    const isShared = url === undefined || (database.kind === "server" && database.url === url);
    return isShared ? this.databaseOf("") : { variable: "HOLON_QUEUE_DATABASE_URL", url };
  }

  /**
   * Runs a part of the start, and runs it again while its database does not answer or is busy, for up to `startPatienceMs`.
   *
   * Errors: ConfigurationError if the server refuses the login or does not have the database; UNAVAILABLE if the time is over. Any other error is thrown at
   * once.
   */
  async run<Result>(needed: NeededDatabase, work: () => Promise<Result>): Promise<Result> {
    const { plan, log, clock } = this.#deps;
    const forMs = plan.limits.startPatienceMs;
    const fields = { variable: needed.variable, url: needed.url === undefined ? undefined : maskedUrl(needed.url) };
    let saidAtMs = Number.NEGATIVE_INFINITY;
    const attempt = async (): Promise<Result> => {
      try {
        return await work();
      } catch (error) {
        const nowMs = clock.monotonicMs();
        if (isAway(error) && nowMs - saidAtMs >= SAY_MS) {
          saidAtMs = nowMs;
          log.warn({ ...fields, err: error, patienceMs: forMs }, "the start waits for a database");
        }
        throw error;
      }
    };
    // This timer keeps the process running: the waits between attempts do not, and nothing else may be open yet.
    const alive = setInterval(() => {}, SAY_MS);
    try {
      const result = await retry(this.#deps, { ...WAITS, forMs }, attempt, { isPassing: isAway });
      if (saidAtMs !== Number.NEGATIVE_INFINITY) log.info(fields, "the database answers: the start goes on");
      return result;
    } catch (error) {
      throw this.#explained(error, needed);
    } finally {
      clearInterval(alive);
    }
  }

  #explained(error: unknown, { variable, url }: NeededDatabase): unknown {
    const shown = url === undefined ? variable : `${variable} (${maskedUrl(url)})`;
    const cure = REFUSED[sqlState(error) ?? ""];
    if (cure !== undefined)
      return new ConfigurationError([{ variable: shown, problem: `is refused by the server: ${rootOf(error).message}.`, cure }]);
    if (!isAway(error)) return error;
    const seconds = Math.round(this.#deps.plan.limits.startPatienceMs / 1_000);
    const message = `The database cannot be reached: ${shown} did not work for ${seconds} s (startPatienceMs).`;
    return catalogueError("UNAVAILABLE", message, { executed: "no", cause: rootOf(error) });
  }
}

/** Whether waiting may help. The queue layer marks all errors of its server as passing, so the SQLSTATE is checked as well. */
function isAway(error: unknown): boolean {
  const state = sqlState(error) ?? "";
  if (!isPassing(error) || REFUSED[state] !== undefined) return false;
  return !/^[0-9A-Z]{5}$/.test(state) || isConnectionLoss(error) || ["55P03", "57014", "40P01", "40001"].includes(state);
}

function rootOf(error: unknown): Error {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  return at instanceof Error ? at : new Error(String(at));
}
