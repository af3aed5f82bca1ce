import { readFileSync } from "node:fs";
import { processCommand } from "../dev/postgres/process-identity.ts";

/** How often the processes above this one are looked at. */
const LOOK_MS = 500;

/** How npm and its kin name their processes: `npm run start`, `node /usr/bin/yarn start`. */
const NPM = /(^|[\s/])(npm|pnpm|yarn)(-cli)?(\.c?js)?(\s|$)/;

/**
 * Calls back when the npm that runs this process as a script is gone, or the shell between them: npm hands no signal on to what its shell runs, and
 * none at all if it is killed. Shape: what ends the watching.
 *
 * It does nothing for a process that no npm runs, and for one that npm is told to leave behind (`node main.js &`). On Linux only.
 */
export function watchNpm(gone: () => void, script = process.env["npm_lifecycle_script"]): () => void {
  const above = processesAbove();
  if (script === undefined || /(?<!&)&(?!&)/.test(script) || !above.some((pid) => NPM.test(processCommand(pid)))) return () => {};
  const timer = setInterval(() => {
    if (processesAbove().join() === above.join()) return;
    clearInterval(timer);
    gone();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Parent and grandparent: npm runs a script by a shell, which may have become the program. */
function processesAbove(): readonly number[] {
  return [process.ppid, parentOf(process.ppid)];
}

/** 0 where the system does not tell. */
function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
