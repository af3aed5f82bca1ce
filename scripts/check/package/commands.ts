import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { type CommandResult, runCommand } from "../command.ts";
import type { Page } from "../docs/markdown.ts";

/** A line of a shell block, or a command inside a sentence. */
interface ShellLine {
  /** Page and line number. */
  readonly at: string;
  readonly text: string;
}

const COMMAND = /(?<![\w./-])(npm|npx|node)((?:\s+(?:'[^']*'|"[^"]*"|[^\s|&;()"'`>]+))*)/g;
const SPAN = /`((?:npm|npx|node) [^`]+)`/g;

/** Commands of npm that are not scripts. */
const NPM_VERBS: readonly string[] = ["ci", "i", "install", "init", "pkg", "pack", "publish", "deprecate"];

/** The folders in which the files of a command may be: this repository, or the project of the README's first app. */
interface Places {
  readonly root: string;
  readonly project: string;
}

/**
 * Links the packages that a reader of the pages installs, with their programs, from this repository. Returns a fault for each package that this repository does
 * not have.
 */
export function installFaults({ root, project }: Places, pages: readonly Page[]): string[] {
  return shellLines(pages).flatMap(({ at, text }) =>
    packagesOf(text).flatMap((name) => {
      const source = path.join(root, "node_modules", name);
      if (!existsSync(source)) return [`${at} installs ${name}, which this repository does not have: nothing can be said about it`];
      linkOnce(source, path.join(project, "node_modules", name));
      const { bin = {} } = JSON.parse(readFileSync(path.join(source, "package.json"), "utf8")) as { readonly bin?: string | Record<string, string> };
      for (const [program, file] of Object.entries(typeof bin === "string" ? { [path.basename(name)]: bin } : bin))
        linkOnce(path.join(source, file), path.join(project, "node_modules/.bin", program));
      return [];
    }),
  );
}

/**
 * Commands of npm, npx and node that name a script, program or file that does not exist, or arguments that are not in their help.
 *
 * It reads shell blocks, and commands inside sentences.
 */
export function commandFaults(places: Places, pages: readonly Page[]): string[] {
  const help = createHelp();
  return shellLines(pages).flatMap(({ at, text }) =>
    [...text.matchAll(COMMAND)].flatMap(([, program = "", rest = ""]) => {
      const words = rest.match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
      return judge(program, words, places, help).map((fault) => `${at} ${fault}`);
    }),
  );
}

/** The lines of shell blocks, without comments; a continued line is joined with the next. */
export function shellLines(pages: readonly Page[]): ShellLine[] {
  return pages.flatMap((page) => {
    const blocks = page.fences.filter(({ info }) => info === "sh");
    const lines = blocks.flatMap(({ code, line }) =>
      code.split("\n").map((text, index) => ({ at: `${page.path}:${line + index}`, text: text.replace(/(^|\s)#\s.*$/, "") })),
    );
    const spans = page.lines.flatMap((line, index) => [...line.matchAll(SPAN)].map(([, text = ""]) => ({ at: `${page.path}:${index + 1}`, text })));
    return [...joined(lines), ...spans];
  });
}

function joined(lines: readonly ShellLine[]): ShellLine[] {
  const whole: ShellLine[] = [];
  let open: ShellLine | undefined;
  for (const { at, text } of lines) {
    const line: ShellLine = { at: open?.at ?? at, text: `${open?.text ?? ""}${text.replace(/\\$/, "")}` };
    open = text.endsWith("\\") ? line : undefined;
    if (open === undefined) whole.push(line);
  }
  return whole;
}

/** The names of packages that a line installs, without versions and without the toolkit itself. */
function packagesOf(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:i|install)((?:\s+[\w@./-]+)+)/g)]
    .flatMap(([, words = ""]) => words.trim().split(/\s+/))
    .filter((word) => !word.startsWith("-") && word !== "holon")
    .map((word) => word.replace(/(.)@.*$/, "$1"));
}

function linkOnce(source: string, link: string): void {
  if (existsSync(link)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(source, link);
}

type Help = (command: string, args: readonly string[], cwd: string) => CommandResult;

/** Runs `--help` once for each program. */
function createHelp(): Help {
  const asked = new Map<string, CommandResult>();
  return (command, args, cwd) => {
    const key = [command, ...args].join(" ");
    const answer = asked.get(key) ?? runCommand(command, [...args, "--help"], { cwd });
    asked.set(key, answer);
    return answer;
  };
}

function judge(program: string, words: readonly string[], places: Places, help: Help): string[] {
  if (program === "npm") return judgeNpm(words, places, help);
  const file = words.find((word) => /\.(ts|js|mjs)$/.test(word));
  if (program === "node" || words[0] === "tsx") return file === undefined ? [] : judgeFile(program, words, file, places, help);
  const [tool = "", ...args] = words;
  if (!existsSync(path.join(places.project, "node_modules/.bin", tool))) return [`runs npx ${tool}, which no page installs`];
  return UNASKED.has(tool) ? [] : judgeWords(`npx ${tool}`, args, (first) => help("npx", [tool, ...first], places.project));
}

/** Programs whose help cannot be read here, each with the reason. */
export const UNASKED: ReadonlyMap<string, string> = new Map([["openapi-typescript", "it needs typescript@5, which this repository does not have"]]);

function judgeNpm(words: readonly string[], { root }: Places, help: Help): string[] {
  const [verb = "", ...others] = words;
  if (NPM_VERBS.includes(verb)) return [];
  const script = verb === "run" ? others.find((word) => !word.startsWith("-")) : verb;
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { readonly scripts: Readonly<Record<string, string>> };
  if (script === undefined || !Object.hasOwn(scripts, script)) return [`runs the script ${script ?? ""}, which package.json does not have`];
  const args = words.includes("--") ? words.slice(words.indexOf("--") + 1) : [];
  // Runs the script directly, because npm would only add another process.
  return judgeWords(`npm run ${script}`, args, (first) => help("sh", ["-c", `${scripts[script]} "$@"`, "sh", ...first], root));
}

function judgeFile(program: string, words: readonly string[], file: string, { root, project }: Places, help: Help): string[] {
  const cwd = [project, root].find((folder) => existsSync(path.join(folder, file)));
  if (cwd === undefined) return [`runs ${file}, which is neither in this repository nor in the README's app`];
  const until = words.indexOf(file) + 1;
  return judgeWords(file, words.slice(until), (first) => help(program, [...words.slice(0, until), ...first], cwd));
}

/** Reports options, and a first word that is a command, if neither the help nor the command's own help contains them. */
function judgeWords(what: string, args: readonly string[], ask: (first: readonly string[]) => CommandResult): string[] {
  const first = args.slice(0, 1).filter((word) => /^[a-z][a-z-]*$/.test(word));
  const wanted = [...first, ...args.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*/, ""))];
  if (wanted.length === 0) return [];
  let missing = wanted;
  for (const words of first.length > 0 ? [[], first] : [[]]) {
    const { ok, output } = ask(words);
    if (!ok) return [`calls ${what}, whose --help fails:\n${output}`];
    missing = missing.filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(output));
    if (missing.length === 0) return [];
  }
  return missing.map((word) => `gives ${word} to ${what}, which does not have it`);
}
