import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { catalogueError } from "../../kernel/holon-error.ts";
import { spawnGuarded } from "./guarded-process.ts";
import type { PostgresBinaries, Unprivileged } from "./postgres-binaries.ts";

/** The data folder of a server. It is made once and kept. */
export interface Cluster {
  readonly data: string;
  readonly password: string;
}

/** The login that owns an embedded server. */
export const EMBEDDED_LOGIN = "holon";

const PASSWORD_FILE = "holon.password";

/**
 * Opens the data folder, or makes it if it is missing.
 *
 * A new data folder is made under another name beside it, with its password inside, and then renamed. So a process that is killed before the renaming leaves no
 * half-made data folder. What it leaves under the other name is removed at the next start. Logins need the password (scram-sha-256), which only our own user
 * can read.
 */
export async function openCluster(folder: string, binaries: PostgresBinaries, who: Unprivileged, durable: boolean): Promise<Cluster> {
  const data = path.join(folder, "data");
  await removeUnfinished(folder);
  if (!existsSync(path.join(data, "PG_VERSION"))) await makeCluster(folder, binaries, who, durable);
  // An earlier start made the folder, and may have run as another user.
  else await who.own(data);
  return { data, password: (await readFile(path.join(data, PASSWORD_FILE), "utf8")).trim() };
}

/** The address of the server that another process runs on a cluster. Errors: those of the file system, if the cluster was not made yet. */
export async function clusterUrl(folder: string, port: number, database: string): Promise<string> {
  const password = (await readFile(path.join(folder, "data", PASSWORD_FILE), "utf8")).trim();
  return `postgres://${EMBEDDED_LOGIN}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

async function makeCluster(folder: string, binaries: PostgresBinaries, who: Unprivileged, durable: boolean): Promise<void> {
  const workshop = await mkdtemp(path.join(folder, "making-"));
  const made = path.join(workshop, "data");
  const password = randomBytes(24).toString("base64url");
  const passwordFile = path.join(workshop, "password");
  await mkdir(made, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  await who.own(workshop);
  // The password is long and random, so repeated hashing protects nothing and would only cost milliseconds for each connection.
  const args = ["-D", made, "-U", EMBEDDED_LOGIN, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "-c", "scram_iterations=1"];
  args.push("--encoding=UTF8", "--locale=C", "--no-instructions", ...(durable ? [] : ["--no-sync"]));
  const log = path.join(workshop, "initdb.log");
  const output = await open(log, "w");
  const code = await spawnGuarded(who.wrap(binaries.initdb, args), who, output.fd).ended;
  await output.close();
  if (code !== 0) {
    throw catalogueError(
      "UNAVAILABLE",
      `The embedded database cannot be made in ${folder}: initdb ended with ${code}: ${await readFile(log, "utf8")}`,
      { executed: "no" },
    );
  }
  await writeFile(path.join(made, PASSWORD_FILE), password, { mode: 0o600 });
  await who.own(made);
  await rename(made, path.join(folder, "data"));
  await rm(workshop, { recursive: true, force: true });
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // The `initdb` that writes this folder may not have ended yet. A folder that cannot be removed now is removed at the next start.
    if (name.startsWith("making-")) await rm(path.join(folder, name), { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}
