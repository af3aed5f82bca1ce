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
  const isNpm = (pid: number): boolean => NPM.test(processCommand(pid));
  const parent = process.ppid;
  // A shell that became the program is not between them: then the grandparent is what started npm, such as a login shell, and may end.
  const grandparent = isNpm(parent) ? undefined : parentOf(parent);
  const isWatched = script !== undefined && !/(?<!&)&(?!&)/.test(script) && (grandparent === undefined || isNpm(grandparent));
  if (!isWatched) return () => {};
  const timer = setInterval(() => {
    if (process.ppid === parent && (grandparent === undefined || parentOf(parent) === grandparent)) return;
    clearInterval(timer);
    gone();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
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
