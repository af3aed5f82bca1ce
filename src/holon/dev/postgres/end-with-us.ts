import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/** Waits for the end of its input, which comes when the process that holds the other end dies, however it dies. */
const GUARD = 'read -r _; kill -KILL "$1"';

/** Has a child killed when this process ends, by `kill -9` too. For programs that know nothing of their parent, as Redis. */
export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const guard = spawn("/bin/sh", ["-c", GUARD, "holon-guard", String(child.pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.once("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  // A pipe of a child is a socket, which its type does not say.
  (guard.stdin as unknown as Socket).unref();
  // Its id may be another process' a moment later.
  child.once("exit", () => guard.kill("SIGKILL"));
}
