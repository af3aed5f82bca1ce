import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../kernel/index.ts";
import { isAlive } from "./process-identity.ts";
import type { ServerProcess } from "./server-process.ts";
import { waitUntil } from "./wait-until.ts";

/** Starts the server anew where the last one was. Errors: it does not start, or the signal was given. */
export type Restart = (port: number, signal: AbortSignal) => Promise<ServerProcess>;

/** Most restarts within {@link RESTART_WINDOW_MS}: what dies again and again is not helped by them. */
const GREATEST_RESTARTS = 5;

const RESTART_WINDOW_MS = 60_000;

/** How often a server whose guard was killed, and which nobody else watches, is looked at. */
const LOOK_MS = 200;

/**
 * A server that is started again when it dies.
 *
 *     runs --dies--> restarts --ready--> runs            on the same port, with another process id
 *     restarts --does not start--> restarts              a little later each time
 *     runs, restarts --too many restarts--> given up     an error in the log; only stop() is left
 *     runs, restarts, given up --stop()--> stopped       a restart on its way is broken off
 */
export class SupervisedServer {
  readonly port: number;
  readonly #restart: Restart;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  /** When it was started again, in the window. */
  #restarts: number[] = [];
  #server: ServerProcess;

  constructor(server: ServerProcess, restart: Restart, log: Logger) {
    this.port = server.port;
    this.#server = server;
    this.#restart = restart;
    this.#log = log;
    this.#watching = this.#watch();
  }

  /** Process id of the present server, or of the last one. */
  get pid(): number {
    return this.#server.pid;
  }

  /** Stops the server, or the restart that is on its way; no process is left. */
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
      // Where its guard was killed, the guard's other half still waits for our end.
      this.#server.process.stop();
      const next = await this.#again();
      if (next === undefined) return;
      this.#server = next;
      if (this.#stopping.signal.aborted) next.process.stop();
      else this.#log.info({ port: this.port, pid: next.pid }, "The embedded database is ready again.");
    }
  }

  /** Waits for the end of the server itself: its guard, whose end is told at once, may have been killed before it. */
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

/** Waits, or less where the signal comes first; keeps no process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ref: false, signal }).catch(() => {});
}
