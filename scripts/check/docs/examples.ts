import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "../command.ts";
import type { Fence, Page } from "./markdown.ts";

const CHECKED = /^(ts|tsx|typescript)$/;

/** An example of a page, as a file to compile. */
interface Example {
  readonly page: string;
  readonly file: string;
  readonly text: string;
}

/**
 * What the compiler says of the TypeScript examples in pages: every fence marked `ts` that is not marked `ts no-check`.
 *
 * A fence is a file of its own; one that begins with its path (`// contracts/greetings/index.ts`) is imported by the others of its page from there.
 */
export function exampleFaults(root: string, pages: readonly Page[]): string[] {
  const examples = pages.flatMap((page, index) => page.fences.filter(isChecked).map((fence) => toExample(page, index, fence)));
  if (examples.length === 0) return [];
  // Inside the package, for its own name and #contracts to resolve as they do in its sources.
  mkdirSync(path.join(root, ".holon"), { recursive: true });
  const folder = mkdtempSync(path.join(root, ".holon/examples-"));
  try {
    for (const { file, text } of examples) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    }
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, lib: ["es2023", "es2024.string", "dom"], jsx: "preserve" };
    writeFileSync(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["."], exclude: [] }),
    );
    const { ok, output } = runCommand(path.join(root, "node_modules/.bin/tsc"), ["-p", ".", "--noEmit", "--pretty", "false"], { cwd: folder });
    return ok ? [] : inPages(output, examples);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fences marked neither as code of a known language nor as text, which no check can judge. */
export function unmarkedFences(pages: readonly Page[]): string[] {
  return pages.flatMap((page) =>
    page.fences
      .filter(({ info }) => info === "")
      .map(({ line }) => `${page.path}:${line - 1} has a fence without a language: mark it ts, sh, json, text, ...`),
  );
}

function isChecked({ info }: Fence): boolean {
  const [language = "", ...marks] = info.split(/\s+/);
  return CHECKED.test(language) && !marks.includes("no-check");
}

/** Padded with empty lines, for the compiler to name the line of the page. */
function toExample(page: Page, index: number, { info, code, line }: Fence): Example {
  const name = /^\/\/ ([\w./-]+\.tsx?)$/m.exec(code.split("\n", 1)[0] ?? "")?.[1] ?? `line-${line}.${info.startsWith("tsx") ? "tsx" : "ts"}`;
  return { page: page.path, file: path.posix.join(String(index), path.posix.join("/", name)), text: `${"\n".repeat(line - 1)}${code}\n` };
}

function inPages(output: string, examples: readonly Example[]): string[] {
  return output.split("\n").map((line) => {
    const [, file, at, rest] = /^(\S+?)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const example = examples.find((candidate) => candidate.file === file);
    return example === undefined ? line : `${example.page}:${at} ${rest}`;
  });
}
