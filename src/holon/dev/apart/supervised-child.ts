import { type ChildProcess, spawn } from "node:child_process";
import type { Logger } from "../../kernel/log.ts";
import { fullJitterMs } from "../../kernel/retry.ts";

/** A child process that is restarted when it dies. */
interface SupervisedChild {
  readonly name: string;
  /** Id of the running process; undefined between a death and the restart. */
  readonly pid: number | undefined;
  /** Stops the child and does not restart it; resolves when it has ended. */
  close(): Promise<void>;
}

/** Bounds of the wait before a restart; the wait grows while the child dies soon after each start. */
const RESTART = { firstMs: 200, greatestMs: 10_000 } as const;

/** After a life of at least this time, the waits start again from the shortest. */
const OLD_ENOUGH_MS = 10_000;

/** How long a child may take to stop before it is killed. */
const STOP_MS = 30_000;

/** Exit code of a bad configuration: a restart would not repair it. */
const BAD_CONFIGURATION = 2;

/**
 * Runs this program again with another environment, and restarts it each time that it dies.
 *
 *   running --exit--> waiting --jittered time--> running
 *   running --exit with code 2--> given up
 *   any --close()--> stopping --exit--> gone
 */
export function superviseChild(name: string, env: Readonly<Record<string, string | undefined>>, log: Logger): SupervisedChild {
  let child: ChildProcess | undefined;
  let attempt = 0;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let gone: () => void = () => {};

  const start = (): void => {
    const startedMs = performance.now();
    child = spawn(process.execPath, [...process.execArgv, process.argv[1] as string, "start"], {
      env,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.once("error", (error) => log.error({ process: name, err: error }, "a process could not be started"));
    child.once("exit", (code, signal) => {
      child = undefined;
      if (stopping) return gone();
      if (code === BAD_CONFIGURATION) {
        log.error({ process: name, code }, "a process has a bad configuration and is not started again");
        return;
      }
      attempt = performance.now() - startedMs > OLD_ENOUGH_MS ? 1 : attempt + 1;
      const waitMs = RESTART.firstMs + fullJitterMs(attempt, RESTART, Math.random);
      log.warn({ process: name, code, signal, restartInMs: waitMs }, "a process died and is started again");
      timer = setTimeout(start, waitMs);
    });
    log.info({ process: name, pid: child.pid }, "process started");
  };
  start();

  return {
    name,
    get pid() {
      return child?.pid;
    },
    async close() {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined) return;
      const ended = new Promise<void>((resolve) => {
        gone = resolve;
      });
      running.kill("SIGTERM");
      const patience = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(patience);
    },
  };
}
