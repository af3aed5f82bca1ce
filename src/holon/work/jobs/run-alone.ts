import { fork } from "node:child_process";

/** A job to be run in a process of its own. */
export interface AloneRequest {
  readonly context: string;
  readonly id: string;
  /** The attempt under which the parent holds the job. */
  readonly attempt: number;
  /** After this long, the child counts as hung. */
  readonly timeoutMs: number;
}

/**
 * The outcome of the child. `ended`: it has written how the job ended. `died`: it ended while it had the job. `unstarted`: it never had the job, or the signal
 * stopped it, so the job is not the cause.
 */
type AloneOutcome = { readonly kind: "ended" } | { readonly kind: "died" | "unstarted"; readonly how: string };

/** Runs one job in a process of its own. The signal stops that process, and the outcome is `unstarted` then. */
export type RunAlone = (request: AloneRequest, signal: AbortSignal) => Promise<AloneOutcome>;

/** How the same program is started again, to run one job. */
interface AloneProcessOptions {
  /** The main file, as in `process.argv[1]`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly execArgv: readonly string[];
  /** The child's environment, which also says that it is a child. */
  readonly env: NodeJS.ProcessEnv;
  /** Longest time that the child may take until it is ready. */
  readonly startTimeoutMs?: number;
}

/** The messages between parent and child. */
type AloneMessage = { readonly kind: "ready" } | { readonly kind: "ended" } | { readonly kind: "run"; readonly request: AloneRequest };

const START_TIMEOUT_MS = 60_000;

/**
 * Returns the function that runs one job in a new process of the same program.
 *
 *     fork --ready--> run sent --ended--> ended
 *     fork --exit, or not ready in time--> unstarted
 *     run sent --exit, or not ended in time--> died
 *
 * The child ends when the channel to its parent ends, see {@link serveAlone}.
 */
export function createRunAlone(options: AloneProcessOptions): RunAlone {
  return (request, signal) =>
    new Promise((resolve) => {
      const { program, args, execArgv, env, startTimeoutMs = START_TIMEOUT_MS } = options;
      const child = fork(program, [...args], { execArgv: [...execArgv], env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
      let wasGiven = false;
      let outcome: AloneOutcome | undefined;
      const end = (reached: AloneOutcome): void => {
        outcome ??= reached;
        child.kill("SIGKILL");
      };
      const lost = (how: string): AloneOutcome => ({ kind: wasGiven ? "died" : "unstarted", how });
      let timer = setTimeout(() => end(lost("it was not ready in time")), startTimeoutMs);
      const stop = (): void => end({ kind: "unstarted", how: "its parent stops" });
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();

      child.on("message", (message: AloneMessage) => {
        if (message.kind === "ended") return end({ kind: "ended" });
        if (message.kind !== "ready" || wasGiven) return;
        wasGiven = true;
        clearTimeout(timer);
        timer = setTimeout(() => afterMissed(() => end(lost("it did not end in time"))), request.timeoutMs);
        child.send({ kind: "run", request } satisfies AloneMessage, () => {});
      });
      const over = (how: string): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        resolve(outcome ?? lost(how));
      };
      child.once("exit", (code, by) => over(by === null ? `it ended with code ${code}` : `it was ended by ${by}`));
      child.once("error", (error) => over(error.message));
    });
}

/**
 * Calls a function after the event loop has read what arrived while this process was frozen, and has noticed which leases are over. In that time the child may
 * have ended, or may have been frozen as well.
 */
function afterMissed(run: () => void): void {
  setImmediate(() => setImmediate(run));
}

/** The child's end of the channel to its parent: the child's `process`. */
export interface AloneChannel {
  /** False once the parent is gone. */
  readonly connected: boolean;
  send?(message: AloneMessage, onSent: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: AloneMessage) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
  exit(code: number): void;
}

/** Reports to the parent that this process is ready, runs the one job that the parent sends, and ends with the job or with the parent. */
export function serveAlone(channel: AloneChannel, run: (request: AloneRequest) => Promise<void>): void {
  const leave = (): void => channel.exit(1);
  // The parent may have died while this process started: no event would report that.
  if (!channel.connected) return leave();
  const tell = (message: AloneMessage): void => {
    channel.send?.(message, (error) => {
      if (error !== null) leave();
    });
  };
  channel.on("disconnect", leave);
  channel.on("message", (message) => {
    if (message.kind !== "run") return;
    run(message.request).then(
      () => tell({ kind: "ended" }),
      // The end of the run could not be written. The parent counts this as a death, because it cannot see the reason.
      leave,
    );
  });
  tell({ kind: "ready" });
}
