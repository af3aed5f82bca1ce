import path from "node:path";
import { regexes } from "zod/v4/core";
import { JUDGED } from "./patterns/judged.ts";
import { BAD_SAMPLES, GOOD_SAMPLES } from "./patterns/samples.ts";
import { sourcePatterns } from "./patterns/source-patterns.ts";
import { superLinear } from "./patterns/super-linear.ts";

const CURE = "rewrite it so that each character is read once, or bound the text first and say so in scripts/check/patterns/judged.ts";

const patterns = sourcePatterns(path.resolve(import.meta.dirname, "../.."));
const left = new Set(JUDGED);
const faults: string[] = [];
for (const { file, line, text, literal } of patterns) {
  const reason = literal === undefined ? "it is made of a text that this check cannot read" : superLinear(literal.source, literal.flags);
  if (reason === undefined) continue;
  const judged = JUDGED.find((each) => each.file === file && each.text === text);
  if (judged === undefined) faults.push(`${file}:${line} ${text}: ${reason}; ${CURE}`);
  else left.delete(judged);
}
for (const { file, text } of left)
  faults.push(`${file} has no pattern ${text} any more, or it is read once: take it out of scripts/check/patterns/judged.ts`);

// Contracts use zod's formats, which match text from outside.
for (const [name, format] of Object.entries(regexes as Record<string, unknown>)) {
  if (!(format instanceof RegExp)) continue;
  const reason = superLinear(format.source, format.flags);
  if (reason !== undefined) faults.push(`the format ${name} of zod ${format}: ${reason}`);
}
for (const { source, flags } of BAD_SAMPLES) {
  if (superLinear(source, flags) === undefined) faults.push(`the check itself: /${source}/${flags} passed unseen`);
}
for (const { source, flags } of GOOD_SAMPLES) {
  const reason = superLinear(source, flags);
  if (reason !== undefined) faults.push(`the check itself: /${source}/${flags} is read once, but was refused: ${reason}`);
}

for (const fault of faults) console.error(fault);
console.log(`patterns: ${patterns.length}, of them ${JUDGED.length} judged by hand; ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;
