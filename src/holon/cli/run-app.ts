import { readFileSync } from "node:fs";
import path from "node:path";
import { runApart } from "../dev/apart/apart.ts";
import { startEmbeddedPostgres } from "../dev/postgres/embedded-postgres.ts";
import { documentText } from "../edge/openapi/docs-routes.ts";
import { createLogger } from "../observe/logger.ts";
import { appFaults, modulesOf } from "../process/app/app-faults.ts";
import { type App, openApiOf, shapeOf } from "../process/app/define-app.ts";
import { ConfigurationError, type ConfigurationFault, nearestName } from "../process/plan/configuration-error.ts";
import type { Plan } from "../process/plan/plan.ts";
import { readPlan } from "../process/plan/read-plan.ts";
import { renderPlan } from "../process/plan/render-plan.ts";
import { assertEdgeFree } from "../process/start/free-listeners.ts";
import { startLeaseWorker } from "../process/start/start-lease-worker.ts";
import { startProcess } from "../process/start/start-process.ts";
import { runAloneCommand, runAloneInChild } from "./alone-command.ts";
import { BAD_USAGE, readCommandLine, renderUsageError, UsageError } from "./command-line.ts";
import { logUnhandled } from "./crash-log.ts";
import { renderNewKey, renderProcess, renderStartFailure } from "./render-process.ts";
import { endWithSupervisor, untilStopped } from "./until-stopped.ts";
import { assertWorkWords, runWorkCommand, WORK_USAGE } from "./work-command.ts";

/** Exit code of a configuration that cannot work. */
const BAD_CONFIGURATION = 2;

/** Exit code if something could not be opened. */
const START_FAILED = 1;

/** How long a process that could not start may take to end by itself. */
const LINGER_MS = 2_000;

/** Options of {@link runApp}. */
export interface RunAppOptions {
  /** The command to run. By default it is the first word of the command line, and `start` if the line has no word. */
  readonly command?: string | undefined;
  /** Faults that the app found in its own part of the environment. They are reported together with the toolkit's own faults, and nothing is started. */
  readonly faults?: readonly ConfigurationFault[];
}

/**
 * Runs an app as the environment says, until the process has to stop. It is called in the last line of a `main.ts`.
 *
 * Commands: `start` runs this process; `apart` runs an edge and a process for each context, for development; `plan` prints what `start` would do; `openapi`
 * prints the document of the REST interface and needs no environment; `work` shows background work that waits or failed, and carries out an operator's decision
 * about it; `key` makes a key for a process; `help` and `--help` print all commands; `--version` prints the versions of the app and of Holon.
 * Exit codes: 0 after a stop; 1 if something could not be opened, or if the stop failed or took too long; 2 for a bad configuration (all faults are printed),
 * for a login or database that its server refuses, and for a command line that is not understood.
 */
export async function runApp(app: App, options: RunAppOptions = {}): Promise<void> {
  try {
    const asked = readAppCommand(app, WORK_USAGE, options.command === undefined ? process.argv.slice(2) : [options.command]);
    if ("print" in asked) {
      process.stdout.write(asked.print);
      return;
    }
    const { command } = asked;
    const words = options.command === undefined ? asked.words : process.argv.slice(3);
    if (command === "work") assertWorkWords(words);
    if (command === "openapi") {
      process.stdout.write(documentText(openApiOf(app)));
      return;
    }
    if (command === "key") {
      process.stdout.write(`${renderNewKey()}\n`);
      return;
    }
    const plan = readWholePlan(app, options.faults ?? []);
    if (command === "plan") {
      process.stdout.write(`${renderPlan(plan)}\n`);
      return;
    }
    if (command === "apart") return await startApart(app, plan);
    if (command === "start") return await start(app, plan);
    if (command === "work") return await runWorkCommand(app, plan, words);
    return await runAloneCommand(app, plan);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(renderUsageError(error));
      process.exitCode = BAD_USAGE;
      return;
    }
    process.stderr.write(`${error instanceof ConfigurationError ? error.render() : renderStartFailure(app.name, error)}\n`);
    process.exitCode = error instanceof ConfigurationError ? BAD_CONFIGURATION : START_FAILED;
    // The app's own code might keep the process running. The process would then do nothing for ever, and its supervisor would not start it again.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

/** Errors: ConfigurationError with the faults of the app, of its own part of the environment, and of the rest of the environment. */
function readWholePlan(app: App, ofEnvironment: readonly ConfigurationFault[]): Plan {
  const faults = [...appFaults(app), ...ofEnvironment];
  try {
    const plan = readPlan(shapeOf({ ...app, contexts: modulesOf(app) }), process.env, (file) => readFileSync(file, "utf8"));
    if (faults.length === 0) return plan;
  } catch (error) {
    if (error instanceof ConfigurationError) throw new ConfigurationError([...faults, ...error.faults]);
    throw error;
  }
  throw new ConfigurationError(faults);
}

async function start(app: App, plan: Plan): Promise<void> {
  const log = createLogger({ name: plan.name, level: plan.logLevel });
  const hasStarted = endWithSupervisor(START_FAILED);
  const running = await startProcess({
    app: logUnhandled(app, plan, log),
    plan,
    log,
    runAlone: runAloneInChild,
    startLeaseWorker: ({ name, logLevel }) => startLeaseWorker(name, logLevel),
  });
  process.stdout.write(`${renderProcess(running)}\n`);
  hasStarted();
  await untilStopped(log, () => running.close(), plan.limits.drainMs + plan.limits.graceMs);
}

async function startApart(app: App, plan: Plan): Promise<void> {
  const log = createLogger({ name: `${plan.name}-apart`, level: plan.logLevel });
  if (plan.edge !== undefined) await assertEdgeFree(plan.edge);
  const database =
    plan.database.kind === "embedded"
      ? await startEmbeddedPostgres({ folder: plan.database.folder, port: plan.database.port ?? 0, database: plan.name, log })
      : undefined;
  const apart = await runApart({ app, plan, databaseUrl: database?.url, env: process.env, log });
  const stop = async (): Promise<void> => {
    await apart.close();
    await database?.stop();
  };
  await untilStopped(log, stop, plan.limits.drainMs + plan.limits.graceMs);
}

/** The commands of an app's program and their descriptions. `alone` is for the app's own child processes, and is not in the help. */
const COMMANDS: Readonly<Record<string, string>> = {
  start: "runs this process as the environment says (the default)",
  apart: "runs an edge and one process for each context, for development",
  plan: "prints what start would do, and opens nothing",
  openapi: "prints the OpenAPI document of the REST interface",
  work: "shows background work that waits, failed or is stuck, and carries out your decision about it",
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
function readAppCommand(app: App, workUsage: string, args: readonly string[]): AppCommand {
  const line = readCommandLine(args, { version: { type: "boolean" } });
  const [command = "start", ...words] = line?.positionals ?? args.filter((word) => !word.startsWith("-"));
  if (line?.values.version === true) return { print: versionText(app) };
  if (line === undefined || command === "help") return { print: command === "work" ? workUsage : usage(app.name) };
  if (!Object.hasOwn(COMMANDS, command) && !HIDDEN.includes(command)) {
    const nearest = nearestName(command, Object.keys(COMMANDS));
    throw new UsageError(`"${command}" is not a command.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`);
  }
  if (words.length > 0 && command !== "work") throw new UsageError(`${command} takes no other words, so "${words.join(" ")}" is not understood.`);
  return { command, words };
}

function usage(name: string): string {
  const commands = Object.entries(COMMANDS).map(([command, does]) => `  ${command.padEnd(10)}  ${does}`);
  return `${name}: node ${path.relative(process.cwd(), process.argv[1] ?? "main.js")} [command]

${commands.join("\n")}

  -h, --help  prints this text; work --help prints the words of work
  --version   prints the versions of ${name} and of Holon

Everything else is read from the environment, such as PORT (default: 3000) and DATABASE_URL (default: an embedded Postgres).
The command plan shows what was read.
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
