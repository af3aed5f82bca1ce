import type { Growth } from "./growth.ts";
import type { Sustained } from "./run-sustain.ts";

const MIB = 1024 * 1024;
/** Smaller tables and indexes are counted, not shown. */
const SHOWN_BYTES = MIB / 4;

/** Formats the result for people: the largest figures first. */
export function renderSustained({ seconds, rate, backend, keptSeconds, fired, reached, samples, growth, losses }: Sustained): string {
  const growing = growth.filter(({ isGrowing }) => isGrowing);
  const shown = growth.filter(({ name, quarters }) => !isBytes(name) || Math.max(...quarters) >= SHOWN_BYTES);
  return [
    "",
    `sustained for ${seconds} s, queues on ${backend}, finished work is kept ${keptSeconds} s`,
    `  fired            ${fired} events and jobs, and a fifth of that in runs; ${reached.toFixed(0)} a second of ${rate} asked for`,
    `  samples          ${samples}`,
    "",
    `${"greatest value of each quarter".padEnd(64)} ${["1st", "2nd", "3rd", "4th", "4th/2nd"].map((title) => title.padStart(10)).join(" ")}`,
    ...[...shown].sort((one, other) => other.quarters[3] - one.quarters[3]).map(renderGrowth),
    `${growth.length - shown.length} tables and indexes never reached 256 KiB`,
    "",
    ...(growing.length === 0 ? ["nothing grows"] : growing.map(renderCourse)),
    losses.length === 0 ? "nothing was lost, nothing happened twice" : `LOST: ${losses.join("; ")}`,
  ].join("\n");
}

/** All samples of a figure that grows: they show whether it grows steadily, or had one peak. */
function renderCourse({ name, values }: Growth): string {
  const course = values.map((value) => (isBytes(name) ? (value / MIB).toFixed(2) : String(value)));
  return `GROWING: ${name}${isBytes(name) ? " (MiB)" : ""}: ${course.join(" ")}`;
}

function renderGrowth({ name, quarters, ratio, isGrowing }: Growth): string {
  const cells = quarters.map((value) => (isBytes(name) ? `${(value / MIB).toFixed(1)} MiB` : String(value)).padStart(10));
  return `${name.padEnd(64)} ${cells.join(" ")} ${`${Number.isFinite(ratio) ? ratio.toFixed(2) : "new"}${isGrowing ? " !" : ""}`.padStart(10)}`;
}

function isBytes(name: string): boolean {
  return /^(table|index|redis|memory) /.test(name);
}
