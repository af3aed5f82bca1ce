import path from "node:path";
import { runScript, UsageError } from "../../src/holon/cli/command-line.ts";
import { runCommand } from "./command.ts";

const root = path.resolve(import.meta.dirname, "../..");
const bin = (name: string): string => path.join(root, "node_modules/.bin", name);
const script = (name: string): readonly string[] => [
  process.execPath,
  "--conditions=source",
  "--import",
  "tsx",
  path.join(import.meta.dirname, name),
];

/** Every gate with its command, the cheapest first. */
const GATES: Readonly<Record<string, readonly string[]>> = {
  format: [bin("biome"), "check", "--linter-enabled=false", "--error-on-warnings", "."],
  lint: [bin("biome"), "lint", "--error-on-warnings", "."],
  types: script("types.ts"),
  floors: script("floors.ts"),
  patterns: script("patterns.ts"),
  workflows: script("workflow-versions.ts"),
  docs: script("docs.ts"),
  api: script("api.ts"),
  openapi: script("openapi.ts"),
  deploy: script("deploy.ts"),
  package: script("package.ts"),
  start: script("first-start.ts"),
  words: script("words.ts"),
};

const USAGE = `Runs gates and says which failed.

  node --conditions=source --import tsx scripts/check/gates.ts [gate ...]

  gates       ${Object.keys(GATES).join(" ")} (all of them)
  -h, --help  prints this text
`;

function runGates(asked: readonly string[]): number {
  const unknown = asked.filter((name) => !Object.hasOwn(GATES, name));
  if (unknown.length > 0) throw new UsageError(`There is no gate ${unknown.join(", ")}.`);
  const failed: string[] = [];
  for (const name of asked.length > 0 ? asked : Object.keys(GATES)) {
    const [command = "", ...args] = GATES[name] ?? [];
    const startedAt = performance.now();
    const { ok, output } = runCommand(command, args, { cwd: root });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`${ok ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.padStart(6)} s${ok ? "" : `\n${output}`}`);
    if (!ok) failed.push(name);
  }
  if (failed.length > 0) console.error(`Gates failed: ${failed.join(", ")}.`);
  return failed.length > 0 ? 1 : 0;
}

await runScript({ usage: USAGE, options: {}, run: ({ positionals }) => runGates(positionals) });
