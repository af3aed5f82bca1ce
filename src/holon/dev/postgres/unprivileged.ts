import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { catalogueError } from "../../kernel/index.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** Somebody whom Postgres lets start it: it refuses root. */
export interface Unprivileged {
  /** The command line that runs a program as that somebody. */
  wrap(program: string, args: readonly string[]): readonly string[];
  /** The user to spawn as; undefined for ourselves. */
  readonly uid: number | undefined;
  /** Hands a folder and all in it to that somebody. */
  own(folder: string): Promise<void>;
}

const NOBODY = 65_534;

/**
 * Chooses how to run Postgres: as ourselves; where we are root, as `nobody` of a user namespace of its own (files stay ours), or, where
 * namespaces are forbidden, as user 65534.
 */
export function chooseUnprivileged(binaries: PostgresBinaries): Unprivileged {
  if (process.getuid?.() !== 0) return { wrap: (program, args) => [program, ...args], uid: undefined, own: async () => {} };
  const namespace = ["unshare", "--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`] as const;
  const probe = spawnSync(namespace[0], [...namespace.slice(1), binaries.postgres, "--version"], { stdio: "ignore" });
  if (probe.status === 0) return { wrap: (program, args) => [...namespace, program, ...args], uid: undefined, own: async () => {} };
  return asNobody(binaries);
}

/** Runs as user 65534, who must be able to read the programs and to enter the folder. */
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
