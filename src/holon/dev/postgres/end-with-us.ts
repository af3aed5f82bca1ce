import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/** Waits for the end of its input, which comes when the process at the other end dies, however it dies. */
const GUARD = 'read -r _; kill -KILL "$1"';

/** Kills a child when this process ends, even by `kill -9`. For programs that do not watch their parent, such as Redis. */
export function endWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const guard = spawn("/bin/sh", ["-c", GUARD, "holon-guard", String(child.pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.once("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  // A pipe of a child is a socket, although its type does not show it.
  (guard.stdin as unknown as Socket).unref();
  // After the child's exit its id may soon belong to another process.
  child.once("exit", () => guard.kill("SIGKILL"));
}
