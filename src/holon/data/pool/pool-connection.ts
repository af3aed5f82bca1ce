import { drizzle } from "drizzle-orm/postgres-js";
import postgres, { type Sql } from "postgres";
import type { Limits } from "../../kernel/limits.ts";
import { databaseAway } from "../database-error.ts";
import { ConnectionSockets } from "./connection-sockets.ts";

/** The server and the login with which connections are opened. */
export interface ConnectionOptions {
  readonly url: string;
  /** The role that the connection takes when it begins. If it is undefined, the connection works as the login. */
  readonly role: string | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Limits that the server enforces; 0 means no limit. */
  readonly limits: Pick<Limits, "statementTimeoutMs" | "lockTimeoutMs" | "idleInTransactionMs">;
  /** Called with notifications on channels to which the connection listens. */
  readonly onNotify?: (channel: string, said: string) => void;
  /**
   * Whether the connection reads the array types of the server when it begins, so that it can map such arrays. This takes one more statement. Default: true.
   */
  readonly readsTypes?: boolean;
}

/** Why a connection cannot be used any more: one side has closed it, or the server did not answer in time. */
export type LossReason = "closed" | "silent";

/** A statement that was sent. */
export type PendingStatement = ReturnType<Sql["unsafe"]> & {
  /** postgres.js sets this when it hands the statement to a connection. */
  readonly state: object | null;
  /** Whether the server works on it now. */
  readonly active: boolean;
  /** `cancel()` calls it once. Its promise, which `cancel()` does not return, resolves when the request was delivered. */
  readonly canceller: (statement: PendingStatement) => Promise<void>;
};

/** How a statement is sent. */
interface StatementForm {
  /** Whether the server keeps its plan for the next time. */
  readonly prepare: boolean;
  /** Rows as arrays, as Drizzle maps them, or as objects. */
  readonly rows: "arrays" | "objects";
}

/** The longest time that a connection may take to begin, from the first packet to the answer to its first statement. */
const CONNECT_MS = 5_000;

/**
 * One connection to Postgres. If it is lost, it is not opened again.
 *
 * C1. postgres.js would open a lost connection again by itself, and run the rest of a transaction outside of it. So each client of postgres.js has only one
 *     connection here. When that connection is lost, the loss is reported, and the client is thrown away.
 * C2. Nothing here waits until TCP gives up. Begin and close have time limits that timers of this process keep, and {@link PoolConnection.cutOff} ends
 *     everything else at once. The code that sends a statement limits its time, see {@link answerWithin} and {@link cancelStatement}.
 */
export class PoolConnection {
  readonly openedAtMs: number;
  readonly #client: Sql;
  readonly #sockets = new ConnectionSockets();
  #lost = false;
  #onLost: (connection: PoolConnection, reason: LossReason) => void;

  /** Use {@link PoolConnection.open}. */
  private constructor(options: ConnectionOptions, openedAtMs: number, onLost: (connection: PoolConnection, reason: LossReason) => void) {
    this.openedAtMs = openedAtMs;
    this.#onLost = onLost;
    this.#client = postgres(options.url, {
      ...clientOptions(options, () => this.cutOff()),
      socket: this.#sockets.open,
    } as postgres.Options<Record<string, postgres.PostgresType>>);
    // Sets the parsers that Drizzle needs for dates and JSON.
    drizzle(this.#client);
  }

  /**
   * Connects; gives up at its own time limit, or when the signal is aborted. `onLost` is called once, if the connection is lost after that.
   *
   * Errors: those of postgres.js; UNAVAILABLE if the server does not answer in time; the signal's reason.
   */
  static async open(
    options: ConnectionOptions,
    nowMs: number,
    onLost: (connection: PoolConnection, reason: LossReason) => void,
    signal?: AbortSignal,
  ): Promise<PoolConnection> {
    const connection = new PoolConnection(options, nowMs, () => {});
    try {
      const first = connection.send("select 1", [], { prepare: false, rows: "arrays" });
      await answerWithin(CONNECT_MS, signal === undefined ? first : unlessAborted(first, signal), () =>
        databaseAway(`The database did not take a connection within ${CONNECT_MS} ms.`, { executed: "no" }),
      );
    } catch (error) {
      // `end` is not called, because it would reject an internal promise of postgres.js: the promise of the statement that reads the types.
      connection.#markLost("closed");
      connection.#sockets.destroy();
      throw error;
    }
    connection.#sockets.begun();
    connection.#onLost = onLost;
    if (connection.lost) onLost(connection, "closed");
    return connection;
  }

  /** Whether one side has ended the connection, so that nothing may be sent any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Sends a statement without waiting for the answers to earlier ones. The server runs them in the order in which they were sent. */
  send(text: string, params: readonly unknown[], form: StatementForm): PendingStatement {
    // By default postgres.js sends every statement without parameters by the simple protocol, which prepares nothing.
    const options = { prepare: form.prepare, simple: !form.prepare && params.length === 0 };
    const query = this.#client.unsafe(text, params as never[], options);
    return (form.rows === "arrays" ? query.values() : query) as unknown as PendingStatement;
  }

  /** Sends one or several statements without parameters, separated by semicolons. */
  sendSimple(text: string): PendingStatement {
    return this.#client.unsafe(text) as PendingStatement;
  }

  /** Ends the connection after its running statements. If that takes longer than the time limit, cuts it off. */
  async close(timeoutMs: number): Promise<void> {
    this.#markLost("closed");
    await this.#client.end({ timeout: timeoutMs / 1000 });
    this.#sockets.destroy();
  }

  /** Cuts the connection off at once. Running statements fail. */
  cutOff(): void {
    this.#cut("closed");
  }

  /** Cuts the connection off because the server did not answer in time. */
  abandon(): void {
    this.#cut("silent");
  }

  #cut(reason: LossReason): void {
    this.#markLost(reason);
    this.#sockets.destroy();
    void this.#client.end({ timeout: 0 });
  }

  #markLost(reason: LossReason): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#onLost(this, reason);
  }
}

/**
 * Waits for an answer until the signal is aborted. It removes its listener, because the signal may outlive many attempts. Errors: the answer's; the signal's
 * reason.
 */
async function unlessAborted<Answer>(answer: PromiseLike<Answer>, signal: AbortSignal): Promise<Answer> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function clientOptions(
  { limits, role, applicationName, onNotify, readsTypes = true }: ConnectionOptions,
  onclose: () => void,
): postgres.Options<Record<string, postgres.PostgresType>> {
  return {
    max: 1,
    // Both limits are off. They would end a connection between two statements of a transaction, which postgres.js considers idle.
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: CONNECT_MS / 1_000,
    fetch_types: readsTypes,
    onnotice: () => {},
    onclose,
    ...({ no_subscribe: true, onnotify: onNotify } as object),
    connection: {
      application_name: applicationName,
      // The values are texts, because postgres.js leaves out the number zero.
      ...({
        statement_timeout: String(limits.statementTimeoutMs),
        lock_timeout: String(limits.lockTimeoutMs),
        idle_in_transaction_session_timeout: String(limits.idleInTransactionMs),
      } as object),
      ...(role === undefined ? {} : { role: role }),
    },
  };
}

/** How long a server may take to answer a message that ends work: a cancel request, a rollback, a commit whose scope is over. Units: milliseconds. */
export const ENDING_MS = 5_000;

/**
 * Waits for an answer of the server until the time limit, which a timer of this process keeps.
 *
 * `late` runs at most once, and only if there is no answer. It should cut the connection off, so that nothing waits for the answer any more.
 * Errors: those of the answer; the value that `late` returns.
 */
export function answerWithin<Answer>(ms: number, answer: PromiseLike<Answer>, late: () => unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const settle = (): void => {
      isOver = true;
      clearTimeout(timer);
    };
    // If an answer arrived while this process was busy, it is read first, and still counts.
    const timer = setTimeout(() => setImmediate(() => isOver || reject(late())), ms);
    answer.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

/** The pause between two cancel requests. */
const AGAIN_MS = 100;

/**
 * Asks the server to cancel a statement, again and again until the statement has ended. Settles when the statement has ended and the last request was
 * delivered; never fails. Only then may the connection be used again.
 *
 * One request is not enough: the server forgets a request that arrives between two messages of a statement (the statement was parsed and is not yet executed).
 * If the server does not react in time (it hangs, or the network is broken), or does not accept the request, the connection is cut off, so that its slot is not
 * lost. If the connection stayed open, a request that arrives later would cancel the next statement.
 */
export async function cancelStatement(connection: PoolConnection, statement: PendingStatement): Promise<void> {
  let isOver = false;
  const end = statement.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  // The statement may be from this same tick. postgres.js hands it to the connection a few microtasks later, and forgets a statement that is cancelled before
  // that.
  for (let turn = 0; turn < 8 && statement.state === null; turn++) await undefined;
  const asking = async (): Promise<void> => {
    while (!isOver) {
      if (statement.active) await statement.canceller(statement).catch(() => {});
      await endOrPause(end);
    }
  };
  const asked = asking();
  await answerWithin(ENDING_MS, asked, () => connection.abandon()).catch(() => {});
}

function endOrPause(end: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, AGAIN_MS);
    void end.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
