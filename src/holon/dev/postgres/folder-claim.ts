import { randomBytes, randomInt } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { catalogueError } from "../../kernel/index.ts";
import { isAlive, processBirth } from "./process-identity.ts";

/** Who runs a server in a folder, as others may read it. */
interface ClaimEntry {
  readonly pid: number;
  readonly birth: string | undefined;
  /** Where the server answers; undefined while it starts. */
  readonly port: number | undefined;
}

/** The right to run the one server of a folder. */
export interface FolderClaim {
  /** Tells those who come later where the server answers. */
  publish(port: number): Promise<void>;
  release(): Promise<void>;
}

/** How often two starters that met try again before one gives up: about 15 s. */
const ATTEMPTS = 100;

/**
 * Claims a folder for this process.
 *
 * Every claimant first adds a file of its own and then looks for others, so of two that hold at once the later one would have seen the
 * earlier: at most one passes. A dead claimant's file names a process that can never come back (id and birth), so anybody may remove it: no
 * lock can go stale, and no lock file is ever taken over.
 *
 * Errors: CONFLICT with `{ pid, port }` where a living process holds the folder.
 */
export async function claimFolder(folder: string): Promise<FolderClaim> {
  const claims = path.join(folder, "claims");
  await mkdir(claims, { recursive: true });
  const own = path.join(claims, `${process.pid}-${randomBytes(6).toString("hex")}.json`);
  const write = (port: number | undefined) => writeEntry(own, { pid: process.pid, birth: processBirth(process.pid), port });
  for (let attempt = 1; ; attempt++) {
    await write(undefined);
    const other = await otherClaim(claims, own);
    if (other === undefined) break;
    await rm(own, { force: true });
    if (other.port !== undefined || attempt >= ATTEMPTS) throw taken(folder, other);
    await sleep(50 + randomInt(200));
  }
  return { publish: write, release: () => rm(own, { force: true }) };
}

/** Whether a living process holds a folder. */
export async function isClaimed(folder: string): Promise<boolean> {
  return (await otherClaim(path.join(folder, "claims"), "")) !== undefined;
}

function taken(folder: string, other: ClaimEntry): Error {
  const where = other.port === undefined ? "is starting it" : `runs it on port ${other.port}`;
  return catalogueError(
    "CONFLICT",
    `The database folder ${folder} is in use: process ${other.pid} ${where}. Stop that process, or use another folder.`,
    {
      details: { folder, pid: other.pid, port: other.port ?? null },
    },
  );
}

async function otherClaim(claims: string, own: string): Promise<ClaimEntry | undefined> {
  const names = await readdir(claims).catch(() => []);
  for (const name of names) {
    const file = path.join(claims, name);
    if (file === own || !name.endsWith(".json")) continue;
    const entry = await readEntry(file);
    if (entry === undefined) continue;
    if (isAlive(entry.pid) && (entry.birth === undefined || processBirth(entry.pid) === entry.birth)) return entry;
    await rm(file, { force: true });
  }
  return undefined;
}

async function readEntry(file: string): Promise<ClaimEntry | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as ClaimEntry;
  } catch {
    return undefined; // Released between listing and reading: files appear whole, by renaming.
  }
}

async function writeEntry(file: string, entry: ClaimEntry): Promise<void> {
  await writeFile(`${file}.tmp`, JSON.stringify(entry), { mode: 0o600 });
  await rename(`${file}.tmp`, file);
}
