import { drizzle } from "drizzle-orm/postgres-js";
import postgres, { type Sql } from "postgres";
import type { Limits } from "../../kernel/index.ts";

/** Where and as whom connections are opened. */
export interface ConnectionOptions {
  readonly url: string;
  /** Taken as the connection starts; undefined works as the login. */
  readonly role: string | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly limits: Pick<Limits, "statementTimeoutMs" | "lockTimeoutMs" | "idleInTransactionMs">;
}

/** A statement that was sent. */
export type PendingStatement = ReturnType<Sql["unsafe"]> & {
  /** Set by postgres.js once the statement was handed to a connection. */
  readonly state: object | null;
  /** Whether the server works on it now. */
  readonly active: boolean;
  /** What `cancel()` calls once, without handing on its promise: that the request was delivered. */
  readonly canceller: (statement: PendingStatement) => Promise<void>;
};

/** How a statement is sent. */
export interface StatementForm {
  /** Whether the server keeps its plan for the next time. */
  readonly prepare: boolean;
  /** Rows as arrays, as Drizzle maps them, or as objects. */
  readonly rows: "arrays" | "objects";
}

const CONNECT_TIMEOUT_S = 5;

/**
 * One connection to Postgres, for one life.
 *
 * postgres.js would open a lost connection again by itself, and run the rest of a transaction outside of it: so each of its clients has one
 * connection here, says when it is lost, and is thrown away then.
 */
export class PoolConnection {
  readonly openedAtMs: number;
  readonly #client: Sql;
  #lost = false;
  #onLost: (connection: PoolConnection) => void;

  /** Use {@link PoolConnection.open}. */
  private constructor(options: ConnectionOptions, openedAtMs: number, onLost: (connection: PoolConnection) => void) {
    this.openedAtMs = openedAtMs;
    this.#onLost = onLost;
    this.#client = postgres(
      options.url,
      clientOptions(options, () => this.cutOff()),
    );
    // Sets the parsers that Drizzle wants its dates and JSON to come through.
    drizzle(this.#client);
  }

  /** Connects, until the signal. Errors: those of postgres.js. */
  static async open(
    options: ConnectionOptions,
    nowMs: number,
    onLost: (connection: PoolConnection) => void,
    signal?: AbortSignal,
  ): Promise<PoolConnection> {
    const connection = new PoolConnection(options, nowMs, onLost);
    signal?.addEventListener("abort", () => connection.cutOff(), { once: true });
    try {
      await connection.send("select 1", [], { prepare: false, rows: "arrays" });
    } catch (error) {
      connection.#onLost = () => {};
      await connection.close(0);
      throw error;
    }
    return connection;
  }

  /** Whether the server went away, or we did; nothing may be sent any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Sends a statement at once, behind those that were sent before. */
  send(text: string, params: readonly unknown[], form: StatementForm): PendingStatement {
    // Left to itself postgres.js sends every statement without parameters by the simple protocol, which prepares nothing.
    const options = { prepare: form.prepare, simple: !form.prepare && params.length === 0 };
    const query = this.#client.unsafe(text, params as never[], options);
    return (form.rows === "arrays" ? query.values() : query) as unknown as PendingStatement;
  }

  /** Sends a statement without parameters, several of them too, parted by semicolons. */
  sendSimple(text: string): PendingStatement {
    return this.#client.unsafe(text) as PendingStatement;
  }

  /** Ends the connection, after what runs on it; cuts it off where that takes longer. */
  async close(timeoutMs: number): Promise<void> {
    this.#markLost();
    await this.#client.end({ timeout: timeoutMs / 1000 });
  }

  /** Cuts the connection off at once: what runs on it fails. */
  cutOff(): void {
    void this.close(0);
  }

  #markLost(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#onLost(this);
  }
}

function clientOptions(
  { limits, role, applicationName }: ConnectionOptions,
  onclose: () => void,
): postgres.Options<Record<string, postgres.PostgresType>> {
  return {
    max: 1,
    // Neither may end a connection between two statements of a transaction, which postgres.js takes for idle.
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: CONNECT_TIMEOUT_S,
    onnotice: () => {},
    onclose,
    ...({ no_subscribe: true } as object),
    connection: {
      application_name: applicationName,
      statement_timeout: limits.statementTimeoutMs,
      lock_timeout: limits.lockTimeoutMs,
      idle_in_transaction_session_timeout: limits.idleInTransactionMs,
      ...(role === undefined ? {} : { role: role }),
    },
  };
}
