import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** A program that some tests need and that npm does not bring. */
interface Tool {
  readonly program: string;
  /** What a test file that needs it asks. */
  readonly question: string;
}

const TOOLS: readonly Tool[] = [
  { program: "redis-server", question: "hasRedis" },
  { program: "chromium", question: "hasChromium" },
  { program: "faketime", question: "hasFaketime" },
];

const FOLDERS = ["src", "test"];

/** Says plainly, after all tests, which files left tests out because this machine lacks a program. The tests themselves say so in their names. */
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
