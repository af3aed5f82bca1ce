import { readFileSync, writeFileSync } from "node:fs";

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** Replaces the text between the marks of a file; the rest of the file is written by hand. Errors: the file has no marks. */
export function replaceMarked(file: string, text: string): void {
  const before = readFileSync(file, "utf8");
  const from = before.indexOf(BEGIN);
  const to = before.indexOf(END);
  if (from < 0 || to < from) throw new TypeError(`${file} has no ${BEGIN} ... ${END}`);
  writeFileSync(file, `${before.slice(0, from + BEGIN.length)}\n\n${text}\n\n${before.slice(to)}`);
}
