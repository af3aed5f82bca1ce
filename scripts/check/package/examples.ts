import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runCommand } from "../command.ts";
import type { Fence, Page } from "../docs/markdown.ts";

const CHECKED = /^(ts|tsx|typescript)$/;

/** The page whose blocks are the first app; their files and their `tsconfig.json` become those of the project. */
export const FIRST_APP = "README.md";

/** A block of a page, as a file to compile. */
export interface Example {
  readonly page: string;
  /** Relative to the project, with `/` as separator. */
  readonly file: string;
  readonly text: string;
}

/**
 * The TypeScript blocks of pages, except those that are marked `no-check`.
 *
 * Each block becomes a file. If it begins with a path (`// contracts/greetings/index.ts`), the other blocks of its page can import it from that path.
 */
export function examplesOf(pages: readonly Page[]): Example[] {
  return pages.flatMap((page) => page.fences.filter(isChecked).map((fence) => toExample(page, fence)));
}

/**
 * Writes the examples into a project that has the packed package. Each page gets a folder of its own, with the files that a reader of the page would
 * have.
 */
export function writeExamples(root: string, project: string, pages: readonly Page[], port: number): readonly Example[] {
  const examples = examplesOf(pages);
  for (const { file, text } of examples) {
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), text.replaceAll("127.0.0.1:3000", `127.0.0.1:${port}`));
  }
  for (const page of pages.filter(({ lines }) => lines.some((line) => line.includes("openapi-typescript") && line.includes("-o shop-api.d.ts"))))
    cpSync(path.join(root, "test/openapi/shop-api.d.ts"), path.join(project, folderOf(page.path), "shop-api.d.ts"));
  cpSync(path.join(root, "contracts"), path.join(project, "shop/contracts"), { recursive: true });
  const manifest = { name: "hello", type: "module", imports: { "#contracts": "./shop/contracts/index.ts" } };
  writeFileSync(path.join(project, "package.json"), JSON.stringify(manifest));
  writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify(withPages(tsconfigOf(pages))));
  return examples;
}

/** The compiler's errors in the examples. It runs the README's own `npx tsc`, which also writes the compiled files into `dist`. */
export function compileFaults(project: string, examples: readonly Example[]): string[] {
  const { ok, output } = runCommand("npx", ["tsc", "--pretty", "false"], { cwd: project });
  return ok ? [] : inPages(output, examples);
}

/** Blocks that are marked `no-check`, so that no check reads them. */
export function uncheckedBlocks(pages: readonly Page[]): string[] {
  return pages.flatMap((page) =>
    page.fences.filter(({ info }) => /\sno-check\b/.test(info)).map(({ line, info }) => `${page.path}:${line - 1} ${info}`),
  );
}

function isChecked({ info }: Fence): boolean {
  const [language = "", ...marks] = info.split(/\s+/);
  return CHECKED.test(language) && !marks.includes("no-check");
}

/** Empty lines before the code make the compiler report the line number of the page. */
function toExample(page: Page, { info, code, line }: Fence): Example {
  const named = /^\/\/ ([\w./-]+\.tsx?)$/m.exec(code.split("\n", 1)[0] ?? "")?.[1];
  const folder = named !== undefined && page.path === FIRST_APP ? "" : folderOf(page.path);
  const file = path.posix.join(folder, path.posix.join("/", named ?? `line-${line}.${info.startsWith("tsx") ? "tsx" : "ts"}`));
  return { page: page.path, file, text: `${"\n".repeat(line - 1)}${code}\n` };
}

function folderOf(page: string): string {
  return path.posix.join("pages", page.replace(/\.md$/, ""));
}

/** The README's block that is its `tsconfig.json`. */
function tsconfigOf(pages: readonly Page[]): { readonly include?: readonly string[] } {
  const texts = pages
    .find(({ path: file }) => file === FIRST_APP)
    ?.fences.filter(({ info, code }) => info === "json" && code.includes("compilerOptions"));
  try {
    return JSON.parse(texts?.[0]?.code ?? "{}") as { readonly include?: readonly string[] };
  } catch {
    return {};
  }
}

function withPages<Config extends { readonly include?: readonly string[] }>(config: Config): Config {
  return { ...config, include: [...(config.include ?? []), "pages"] };
}

function inPages(output: string, examples: readonly Example[]): string[] {
  return output.split("\n").map((line) => {
    const [, file, at, rest] = /^(\S+?)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const example = examples.find((candidate) => candidate.file === file);
    return example === undefined ? line : `${example.page}:${at} ${rest}`;
  });
}
