import { type ParseArgsConfig, parseArgs } from "node:util";
import { watchNpm } from "./until-stopped.ts";

/** A command line that a program does not understand. The message is one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Exit code for a command line that is not understood; the same as for a bad configuration. */
export const BAD_USAGE = 2;

/** Options by name, as `node:util` takes them. */
type CommandOptions = NonNullable<ParseArgsConfig["options"]>;

/** The parsed command line of a program. */
export type CommandLine<Options extends CommandOptions> = Pick<
  ReturnType<typeof parseArgs<{ options: Options; allowPositionals: true }>>,
  "values" | "positionals"
>;

const HELP = { help: { type: "boolean", short: "h" } } as const;

/**
 * Reads a command line. Shape: undefined if the line asks for help, by `--help` or `-h`.
 *
 * Errors: UsageError for an option that is unknown or lacks its value.
 */
export function readCommandLine<const Options extends CommandOptions>(args: readonly string[], options: Options): CommandLine<Options> | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { ...options, ...HELP }, allowPositionals: true });
    return (values as { readonly help?: boolean }).help === true ? undefined : ({ values, positionals } as CommandLine<Options>);
  } catch (error) {
    if (!(error instanceof Error) || !(error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS")) throw error;
    // Only the first sentence of the message is about what the user typed.
    throw new UsageError(`${error.message.split(/\.\s|\n/, 1)[0]}.`);
  }
}

/** A script of the project. */
interface Script<Options extends CommandOptions> {
  /** How to call it, with all options and their defaults. */
  readonly usage: string;
  readonly options: Options;
  /** Words and options; by default those with which the process was started. */
  readonly args?: readonly string[];
  /** Returns the exit code. Errors: UsageError for values that it does not accept; any other error is a failure with code 1. */
  run(line: CommandLine<Options>): Promise<number> | number;
}

/** Runs a script. It prints the usage if the command line asks for help, or prints in one line what is wrong with the command line. Sets the exit code. */
export async function runScript<const Options extends CommandOptions>({
  usage,
  options,
  args = process.argv.slice(2),
  run,
}: Script<Options>): Promise<void> {
  // If the npm that runs this script is killed, the script ends too, and so do the processes that the script has started. Otherwise the script would run on
  // unseen.
  const stopWatching = watchNpm(() => process.exit(1));
  try {
    const line = readCommandLine(args, options);
    if (line === undefined) process.stdout.write(`${usage.trim()}\n`);
    else process.exitCode = await run(line);
  } catch (error) {
    process.exitCode = error instanceof UsageError ? BAD_USAGE : 1;
    process.stderr.write(
      error instanceof UsageError ? renderUsageError(error) : `The script failed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  } finally {
    stopWatching();
  }
}

/** The error as one line for the terminal. */
export function renderUsageError({ message }: UsageError): string {
  return `${message} --help shows what there is.\n`;
}

/** Refuses words for a script that takes only options. Errors: UsageError. */
export function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`'${words.join(" ")}' is not understood: this script takes options only.`);
}

/** A whole number of an option. Errors: UsageError. */
export function wholeNumber(option: string, text: string, least: number, greatest = Number.MAX_SAFE_INTEGER): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= greatest) return number;
  throw new UsageError(
    `--${option} is "${text}" and must be a whole number from ${least}${greatest === Number.MAX_SAFE_INTEGER ? "" : ` to ${greatest}`}.`,
  );
}

/** One of a few words. Errors: UsageError. */
export function oneOf<const Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw new UsageError(`--${option} is "${text}" and must be one of: ${words.join(", ")}.`);
  return word;
}
