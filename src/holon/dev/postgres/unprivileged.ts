import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** A user that may start Postgres, which refuses to run as root. */
export interface Unprivileged {
  /** The command line that runs a program as that user. */
  wrap(program: string, args: readonly string[]): readonly string[];
  /** The user id to spawn with; undefined for our own. */
  readonly uid: number | undefined;
  /** Gives a folder and all its content to that user. */
  own(folder: string): Promise<void>;
}

const NOBODY = 65_534;

/**
 * Chooses the user that runs Postgres: our own; if that is root, `nobody` in a user namespace of its own (files stay ours); if namespaces are forbidden, user
 * 65534.
 */
export function chooseUnprivileged(binaries: PostgresBinaries): Unprivileged {
  if (process.getuid?.() !== 0) return { wrap: (program, args) => [program, ...args], uid: undefined, own: async () => {} };
  const namespace = ["unshare", "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`] as const;
  const probe = spawnSync(namespace[0], [...namespace.slice(1), binaries.postgres, "--version"], { stdio: "ignore" });
  if (probe.status === 0) return { wrap: (program, args) => [...namespace, program, ...args], uid: undefined, own: async () => {} };
  return asNobody(binaries);
}

/** Runs as user 65534, which must be able to read the programs and to enter the folder. */
export function asNobody(binaries: PostgresBinaries): Unprivileged {
  const probe = spawnSync(binaries.postgres, ["--version"], { stdio: "ignore", uid: NOBODY, gid: NOBODY });
  if (probe.status !== 0) {
    throw catalogueError(
      "UNAVAILABLE",
      `As root the embedded database runs as user ${NOBODY}, who cannot run ${binaries.postgres}: start as another user, or set DATABASE_URL.`,
      { executed: "no" },
    );
  }
  return {
    wrap: (program, args) => [program, ...args],
    uid: NOBODY,
    own: async (folder) => {
      await promisify(execFile)("chown", ["-R", `${NOBODY}:${NOBODY}`, folder]);
    },
  };
}
