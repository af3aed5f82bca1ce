import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../kernel/log.ts";
import { isAlive } from "./process-identity.ts";
import { type ServerProcess, waitUntil } from "./server-process.ts";

/** Starts the server again on the port of the last server. It fails if the server does not start or the signal is aborted. */
type Restart = (port: number, signal: AbortSignal) => Promise<ServerProcess>;

/** The greatest number of restarts within {@link RESTART_WINDOW_MS}. More restarts do not help a server that dies again and again. */
const GREATEST_RESTARTS = 5;

const RESTART_WINDOW_MS = 60_000;

/** How often a server is checked if its guard was killed, because no other process watches it then. */
const LOOK_MS = 200;

/**
 * A server that is started again when it dies.
 *
 *     runs --dies--> restarts --ready--> runs            on the same port, with another process id
 *     restarts --does not start--> restarts              after a longer wait each time
 *     runs, restarts --too many restarts--> given up     an error in the log; after that only stop() has an effect
 *     runs, restarts, given up --stop()--> stopped       a restart that has begun is stopped
 */
export class SupervisedServer {
  readonly port: number;
  readonly #restart: Restart;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  /** Times of the restarts within the window. */
  #restarts: number[] = [];
  #server: ServerProcess;

  constructor(server: ServerProcess, restart: Restart, log: Logger) {
    this.port = server.port;
    this.#server = server;
    this.#restart = restart;
    this.#log = log;
    this.#watching = this.#watch();
  }

  /** Process id of the running server, or of the last one. */
  get pid(): number {
    return this.#server.pid;
  }

  /** Stops the server, or the restart that has begun; no process is left running. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#server.process.stop();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    for (;;) {
      const code = await this.#ended(this.#server);
      if (this.#stopping.signal.aborted) return;
      this.#log.error({ port: this.port, pid: this.pid, code }, "The embedded database died and is started again.");
      // If the first process of the server's guard was killed, the second one still waits for the end of its input. This call ends that input.
      this.#server.process.stop();
      const next = await this.#again();
      if (next === undefined) return;
      this.#server = next;
      if (this.#stopping.signal.aborted) next.process.stop();
      else this.#log.info({ port: this.port, pid: next.pid }, "The embedded database is ready again.");
    }
  }

  /** Waits until the server itself has ended. The end of its guard is not enough, because the guard may have been killed while the server ran on. */
  async #ended({ process, pid }: ServerProcess): Promise<number | undefined> {
    const { signal } = this.#stopping;
    const code = await process.ended;
    while (!signal.aborted && isAlive(pid)) await pause(LOOK_MS, signal);
    await waitUntil(() => (isAlive(pid) ? undefined : true), 20, 1_000);
    return code;
  }

  async #again(): Promise<ServerProcess | undefined> {
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt++) {
      if (!this.#mayRestart()) {
        this.#log.error({ port: this.port, restarts: GREATEST_RESTARTS }, "The embedded database died too often and is not started again.");
        return undefined;
      }
      try {
        return await this.#restart(this.port, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#log.error({ port: this.port, err: error }, "The embedded database could not be started again.");
        await pause(LOOK_MS * 2 ** attempt, signal);
      }
    }
    return undefined;
  }

  #mayRestart(): boolean {
    const now = performance.now();
    this.#restarts = this.#restarts.filter((at) => now - at < RESTART_WINDOW_MS);
    return this.#restarts.push(now) <= GREATEST_RESTARTS;
  }
}

/** Waits for the time or until the signal is aborted. The wait does not keep the process running. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ref: false, signal }).catch(() => {});
}
