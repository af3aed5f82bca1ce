import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Unprivileged } from "./postgres-binaries.ts";

/**
 * The guard: a shell that runs a command as its child. A second process of the shell waits for the end of the shell's input. The input ends when this process
 * closes it, or when this process ends, however it ends. The second process then stops the command: by SIGINT (Postgres' fast shutdown), after 10 s by SIGQUIT,
 * after 5 s more by SIGKILL. Both processes of the guard ignore SIGINT, SIGTERM, SIGHUP and SIGQUIT, and each survives the other. The guard is a shell because
 * a shell starts in a millisecond and takes a megabyte.
 */
const GUARD = `
LC_ALL=C; export LC_ALL
trap '' INT TERM HUP QUIT
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(
  read -r _ <&3
  wait_for() { n=$1; while [ "$n" -gt 0 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; n=$((n - 1)); done; }
  kill -INT "$child"; wait_for 100; kill -QUIT "$child"; wait_for 50; kill -KILL "$child"
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"; code=$?
kill -KILL "$watcher" 2>/dev/null
exit "$code"
`;

/** A command that does not outlive this process. */
export interface GuardedProcess {
  /** Settles when the command has ended, with its exit code; undefined if a signal ended its guard. */
  readonly ended: Promise<number | undefined>;
  /** Begins to stop the command; `ended` settles when it has stopped. */
  stop(): void;
  /** From now on the command does not keep this process running; `stop` undoes that. */
  unref(): void;
}

/**
 * Starts a command that is stopped when this process ends, even by `kill -9`. The command has its own session, so that Ctrl-C reaches only this process, which
 * decides the order of stopping.
 */
export function spawnGuarded(command: readonly string[], who: Unprivileged, outputFd: number): GuardedProcess {
  const child = spawn("/bin/sh", ["-c", GUARD, "holon-guard", ...command], {
    detached: true,
    stdio: ["pipe", outputFd, outputFd],
    cwd: "/",
    ...(who.uid === undefined ? {} : { uid: who.uid, gid: who.uid }),
  });
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("exit", (code) => resolve(code ?? undefined));
    child.once("error", () => resolve(undefined));
  });
  // If the guard has already ended, the pipe is closed; writing to it must not end this process.
  child.stdin?.on("error", () => {});
  return {
    ended,
    stop: () => {
      child.ref();
      child.stdin?.end();
    },
    unref: () => {
      child.unref();
      // A pipe of a child is a socket, although its type does not show it.
      (child.stdin as Socket | null)?.unref();
    },
  };
}

/** A shell script that kills a process at the end of its own input. The input ends when the process at the other end dies, however it dies. */
const KILLER = 'read -r _; kill -KILL "$1"';

/** Kills a child when this process ends, even by `kill -9`. For programs that do not watch their parent, such as Redis. */
export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const guard = spawn("/bin/sh", ["-c", KILLER, "holon-guard", String(child.pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.once("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  // A pipe of a child is a socket, although its type does not show it.
  (guard.stdin as unknown as Socket).unref();
  // After the child's exit its id may soon belong to another process.
  child.once("exit", () => guard.kill("SIGKILL"));
}
