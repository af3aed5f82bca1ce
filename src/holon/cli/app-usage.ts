import { readFileSync } from "node:fs";
import path from "node:path";
import type { App } from "../process/app/define-app.ts";
import { nearestName } from "../process/plan/nearest-name.ts";
import { readCommandLine, UsageError } from "./command-line.ts";

/** The commands of an app's program and their descriptions. `alone` is for the app's own child processes, and is not in the help. */
const COMMANDS: Readonly<Record<string, string>> = {
  start: "runs this process as the environment says (the default)",
  apart: "runs an edge and one process for each context, for development",
  plan: "prints what start would do, and opens nothing",
  openapi: "prints the OpenAPI document of the REST interface",
  work: "shows what waits, failed or stands still, and decides about it",
  key: "prints a new key for a process",
  help: "prints this text",
};

const HIDDEN = ["alone"];

/** What a command line of an app asks for: a text to print, or a command with its words. */
type AppCommand = { readonly print: string } | { readonly command: string; readonly words: readonly string[] };

/**
 * Reads the command line of an app's program.
 *
 * Errors: UsageError for an unknown command, word or option.
 */
export function readAppCommand(app: App, workUsage: string, args: readonly string[]): AppCommand {
  const line = readCommandLine(args, { version: { type: "boolean" } });
  const [command = "start", ...words] = line?.positionals ?? args.filter((word) => !word.startsWith("-"));
  if (line?.values.version === true) return { print: versionText(app) };
  if (line === undefined || command === "help") return { print: command === "work" ? workUsage : usage(app.name) };
  if (!Object.hasOwn(COMMANDS, command) && !HIDDEN.includes(command)) {
    const nearest = nearestName(command, Object.keys(COMMANDS));
    throw new UsageError(`"${command}" is not a command.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`);
  }
  if (words.length > 0 && command !== "work") throw new UsageError(`${command} takes no more words, and "${words.join(" ")}" is more.`);
  return { command, words };
}

function usage(name: string): string {
  const commands = Object.entries(COMMANDS).map(([command, does]) => `  ${command.padEnd(10)}  ${does}`);
  return `${name}: node ${path.relative(process.cwd(), process.argv[1] ?? "main.js")} [command]

${commands.join("\n")}

  -h, --help  prints this text; work --help prints the words of work
  --version   prints the versions of ${name} and of Holon

Everything else is read from the environment, as PORT (3000) and DATABASE_URL (an embedded Postgres): plan shows what it comes to.
`;
}

function versionText({ name, api }: App): string {
  const holon = holonVersion();
  return `${name} ${api?.version ?? "0.0.0"}${holon === undefined ? "" : ` (holon ${holon})`}\n`;
}

/** The version of the package that this file belongs to; undefined in a bundle. */
function holonVersion(): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { name?: string; version?: string };
    return manifest.name === "holon" ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}
