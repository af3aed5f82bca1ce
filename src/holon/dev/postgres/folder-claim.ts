import { randomBytes, randomInt } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { catalogueError } from "../../kernel/holon-error.ts";
import { isAlive, processBirth } from "./process-identity.ts";

/** What the file of a claim says about the process that runs, or starts, the server of a folder. */
interface ClaimEntry {
  readonly pid: number;
  readonly birth: string | undefined;
  /** The port on which the server answers; undefined while it starts. */
  readonly port: number | undefined;
}

/** The right to run the one server of a folder. */
export interface FolderClaim {
  /** Publishes the port on which the server answers, for processes that try to claim the folder later. */
  publish(port: number): Promise<void>;
  release(): Promise<void>;
}

/** How often a process tries to claim a folder while another process starts its server there. All tries take about 15 s. */
const ATTEMPTS = 100;

/**
 * Claims a folder for this process.
 *
 * Each claimant first adds its own file and then looks for other files. Of two claimants, the one whose file came later sees the file of the other one, so at
 * most one succeeds. The file of a dead claimant names a process that can never come back (by its id and its birth), so any process may remove it. So no lock
 * becomes stale, and no lock file is ever taken over.
 *
 * Errors: CONFLICT with `{ pid, port }` if a running process holds the folder.
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

/** Whether a running process holds a folder. */
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
    return undefined; // The claim was released after its file was listed. A file is never half written, because it appears by renaming.
  }
}

async function writeEntry(file: string, entry: ClaimEntry): Promise<void> {
  await writeFile(`${file}.tmp`, JSON.stringify(entry), { mode: 0o600 });
  await rename(`${file}.tmp`, file);
}
