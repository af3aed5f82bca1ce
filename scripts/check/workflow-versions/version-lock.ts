import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { WorkflowSource } from "./workflow-sources.ts";

/** Hashes of the accepted sources, by `<context>.<workflow>@<version>`. */
export type VersionLock = Readonly<Record<string, string>>;

/** Reads the lock; a missing file is an empty lock. */
export function readLock(file: string): VersionLock {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as VersionLock) : {};
}

/** How the sources differ from the accepted ones, each with its cure. */
export function versionFaults(lock: VersionLock, sources: readonly WorkflowSource[]): readonly string[] {
  const present = new Set(sources.map(({ name }) => name));
  const gone = Object.keys(lock).filter((name) => !present.has(name));
  return [
    ...sources.flatMap(({ name, hash }) => {
      if (lock[name] === undefined) return [`${name}: new; accept it by "npm run workflows:accept"`];
      if (lock[name] === hash) return [];
      return [
        `${name}: its body changed without a new version. Runs of it may be under way: raise its version, keep the old body and list it under \`earlier\`. Where it was never deployed: "npm run workflows:accept -- ${name}"`,
      ];
    }),
    ...gone.map(
      (name) =>
        `${name}: its body is gone. Runs of it would wait for ever: put it back, or, where none is open, "npm run workflows:accept -- ${name}"`,
    ),
  ];
}

/** The lock after accepting: new versions are always added; changed and removed ones only if they are named. */
export function accept(lock: VersionLock, sources: readonly WorkflowSource[], named: readonly string[]): VersionLock {
  const kept = Object.entries(lock).filter(([name]) => !named.includes(name));
  const added = sources.filter(({ name }) => lock[name] === undefined || named.includes(name)).map(({ name, hash }) => [name, hash] as const);
  return Object.fromEntries([...kept, ...added].sort(([one], [other]) => (one < other ? -1 : 1)));
}

export function writeLock(file: string, lock: VersionLock): void {
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
