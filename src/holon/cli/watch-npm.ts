import { readFileSync } from "node:fs";
import { processCommand } from "../dev/postgres/process-identity.ts";

/** How often the parent processes of this one are checked. */
const LOOK_MS = 500;

/** How npm, pnpm and yarn name their processes: `npm run start`, `node /usr/bin/yarn start`. */
const NPM = /(^|[\s/])(npm|pnpm|yarn)(-cli)?(\.c?js)?(\s|$)/;

/**
 * Calls a function when the npm that runs this process as a script has ended, or the shell between them. npm passes no signal on to the program that its shell
 * runs, and no signal at all if npm is killed. Shape: the function that ends the watch.
 *
 * It does nothing for a process that no npm runs, and for one that the script leaves running in the background (`node main.js &`). On Linux only.
 */
export function watchNpm(gone: () => void, script = process.env["npm_lifecycle_script"]): () => void {
  const isNpm = (pid: number): boolean => NPM.test(processCommand(pid));
  const parent = process.ppid;
  // A shell may have become this program, so that there is no shell in between. Then the grandparent is the program that started npm, such as a login shell,
  // and may end.
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

/** 0 if the system does not report it. */
function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
