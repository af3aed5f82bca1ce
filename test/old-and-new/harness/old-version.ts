import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isHolonError } from "holon";
import { claimFolder } from "../../../src/holon/dev/postgres/folder-claim.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const CACHE = ".old-version";

const LOOK_MS = 200;

/** The most lines that are shown of a failed command. */
const SHOWN_LINES = 20;

/** The options of {@link checkOutOldVersion}. */
export interface OldVersionOptions {
  /** The root of a clone of this repository. */
  readonly repository: string;
  /** The full id of the commit. */
  readonly id: string;
  /** Installs the packages of the checked out version. */
  readonly install: (folder: string) => Promise<void>;
  /** The folder of the repository for old versions (by default `.old-version`). It holds one version at a time. */
  readonly cache?: string;
}

let checkedOut: Promise<string> | undefined;

/**
 * The folder of the old version: the commit that `old-version.txt` names, with its own packages.
 *
 * To see the tests fail, set `HOLON_OLD_VERSION_FOLDER` to another folder, such as a worktree from which one guard was removed.
 */
export function oldVersion(): Promise<string> {
  const other = process.env["HOLON_OLD_VERSION_FOLDER"];
  if (other !== undefined) return Promise.resolve(path.resolve(ROOT, other));
  const id = readFileSync(new URL("../old-version.txt", import.meta.url), "utf8").trim();
  checkedOut ??= checkOutOldVersion({ repository: ROOT, id, install: installPackages });
  return checkedOut;
}

/**
 * Checks a commit out into its own worktree and installs its packages there, once for all test runs on this machine.
 *
 * Guarantee: if several processes call this at once, one does the work and the others wait. A folder that a killed process left unfinished is made again.
 * Errors: the commit is not in the history of this clone (the message has the command that fetches it); the packages could not be installed.
 */
export async function checkOutOldVersion(options: OldVersionOptions): Promise<string> {
  const cache = path.join(options.repository, options.cache ?? CACHE);
  const folder = path.join(cache, options.id);
  await mkdir(cache, { recursive: true });
  while (!existsSync(folder)) {
    const claim = await claimed(cache);
    if (claim === undefined) {
      await sleep(LOOK_MS);
      continue;
    }
    try {
      if (!existsSync(folder)) await makeFolder(folder, options);
    } finally {
      await claim.release();
    }
  }
  return folder;
}

/** Claims the folder. Shape: undefined while another process has claimed it. */
async function claimed(cache: string) {
  try {
    const claim = await claimFolder(cache);
    // With the claim published, another process is refused at once, and tries again in a moment.
    await claim.publish(0);
    return claim;
  } catch (error) {
    if (isHolonError(error, "CONFLICT")) return undefined;
    throw error;
  }
}

/**
 * Makes the folder under another name, and then renames it. So a folder with the right name is complete, and no child of a killed process can still
 * write to it.
 */
async function makeFolder(folder: string, { repository, id, install }: OldVersionOptions): Promise<void> {
  await assertKnown(repository, id);
  await removeFolders(path.dirname(folder));
  await git(repository, "worktree", "prune");
  const draft = `${folder}-${process.pid}`;
  await git(repository, "worktree", "add", "--detach", draft, id);
  await install(draft);
  await git(repository, "worktree", "move", draft, folder);
}

/** Removes earlier old versions, and unfinished folders of killed processes. */
async function removeFolders(cache: string): Promise<void> {
  const names = (await readdir(cache)).filter((name) => /^[0-9a-f]{40}/.test(name));
  for (const name of names) await rm(path.join(cache, name), { recursive: true, force: true });
}

async function assertKnown(repository: string, id: string): Promise<void> {
  if (await answers(repository, "cat-file", "-e", `${id}^{commit}`)) return;
  const what = `This runs the commit ${id}`;
  if (!(await answers(repository, "rev-parse", "--git-dir"))) {
    throw new Error(`${what}, and ${repository} is not a git repository. It needs a clone with its history: git clone <address of the repository>`);
  }
  const isShallow = (await git(repository, "rev-parse", "--is-shallow-repository")).trim() === "true";
  throw new Error(`${what}, which this clone does not have. Run: git fetch ${isShallow ? "--unshallow origin" : `origin ${id}`}`);
}

async function answers(repository: string, ...args: readonly string[]): Promise<boolean> {
  return git(repository, ...args).then(
    () => true,
    () => false,
  );
}

async function git(repository: string, ...args: readonly string[]): Promise<string> {
  return run("git", args, repository);
}

export async function installPackages(folder: string): Promise<void> {
  await run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], folder);
}

/** Runs a command. Errors: the command failed; the message has the end of its output. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  // If a git hook started the tests, git has set variables that name its own folder. The command is for another folder.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  try {
    return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stderr = "" } = error as { readonly stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${stderr.split("\n").slice(-SHOWN_LINES).join("\n")}`, { cause: error });
  }
}
