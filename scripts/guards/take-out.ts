import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Guard } from "./guard.ts";

/** Texts of files, by their paths in the checkout. */
type Texts = ReadonlyMap<string, string>;

/**
 * The files of a guard as they are, and as they are without it.
 *
 * Errors: Error if a text is not in its file, or more than once.
 */
export function readWithout(folder: string, { edits }: Guard): { readonly before: Texts; readonly after: Texts } {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const { file, from, to } of edits) {
    const text = after.get(file) ?? readFileSync(path.join(folder, file), "utf8");
    if (!before.has(file)) before.set(file, text);
    const count = text.split(from).length - 1;
    if (count !== 1) throw new Error(`${file} has this text ${count} times, not once: ${from}`);
    after.set(
      file,
      text.replace(from, () => to),
    );
  }
  return { before, after };
}

/** Takes a guard out of a checkout. Returns the function that puts the files back. Errors: as {@link readWithout}; no file is changed then. */
export function takeOut(folder: string, guard: Guard): () => void {
  const { before, after } = readWithout(folder, guard);
  const write = (texts: Texts): void => {
    for (const [file, text] of texts) writeFileSync(path.join(folder, file), text);
  };
  write(after);
  return () => write(before);
}

/** What a run of vitest says about a guard that is taken out. */
export interface Verdict {
  /** True if tests failed, and the file itself could be run. */
  readonly red: boolean;
  /** One line. */
  readonly text: string;
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** Reads the JSON report of vitest; undefined if the run wrote none. */
export function judge(json: string | undefined): Verdict {
  if (json === undefined) return { red: false, text: "vitest wrote no report" };
  const report = JSON.parse(json) as Report;
  const ran = report.numFailedTests + report.numPassedTests;
  const failed = report.testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === "failed");
  const [first] = failed;
  if (ran === 0) return { red: false, text: `no test ran: ${firstLine(report.testResults[0]?.message)}` };
  if (first === undefined) return { red: false, text: `all ${ran} tests passed` };
  // vitest reports a test that timed out under this name.
  const said = firstLine(first.failureMessages[0]).replace("Error: STACK_TRACE_ERROR", "it timed out");
  return { red: true, text: `${failed.length} of ${ran} failed, first "${first.fullName}": ${said}` };
}

function firstLine(text = ""): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with one
  return (text.split("\n").find((line) => line.trim() !== "") ?? "it said nothing").replaceAll(/\u001b\[\d+m/g, "").slice(0, 200);
}
