import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** A program that some tests need and that npm does not install. */
interface Tool {
  readonly program: string;
  /** The name of the condition by which tests that need it are skipped. */
  readonly question: string;
}

const TOOLS: readonly Tool[] = [
  { program: "redis-server", question: "hasRedis" },
  { program: "chromium", question: "hasChromium" },
  { program: "faketime", question: "hasFaketime" },
];

const FOLDERS = ["src", "test"];

/** After all tests, prints which files skipped tests because this machine lacks a program. The names of the skipped tests also say it. */
export default function setup(): () => void {
  const missing = TOOLS.filter(({ program }) => spawnSync(program, ["--version"]).status !== 0);
  return () => {
    for (const tool of missing) process.stdout.write(`\n${render(tool)}\n`);
  };
}

function render({ program, question }: Tool): string {
  const files = FOLDERS.flatMap(testFiles).filter((file) => readFileSync(file, "utf8").includes(`skipIf(!${question}`));
  const lines = files.map((file) => `  ${file}`);
  return [`Tests were LEFT OUT, because ${program} is not installed (apt-get install ${program}), in:`, ...lines].join("\n");
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.join(folder, file))
    .sort();
}
