import { median, type Row } from "./report.ts";
import { renderTable } from "./table.ts";

/** One figure of two states of the code. */
export interface ComparedRow {
  readonly bench: string;
  readonly contender: string;
  readonly concurrency: number;
  readonly metric: string;
  /** Medians of the rounds. */
  readonly base: number;
  readonly now: number;
  /** The median of {@link ratios}. */
  readonly ratio: number;
  /** Now divided by base, one a round: what slows a round slows both. */
  readonly ratios: readonly number[];
  /** The base divided by itself, one a round; empty if that was not measured. */
  readonly noise: readonly number[];
  /** Whether it is worse by more than noise. */
  readonly isWorse: boolean;
}

/** What came of the rounds of each state: a list of rows a round. */
export interface ComparedRounds {
  readonly base: readonly (readonly Row[])[];
  readonly again: readonly (readonly Row[])[];
  readonly now: readonly (readonly Row[])[];
}

/** A median within this part of the base is noise, whatever the rounds say. */
const SMALLEST_PART = 0.03;

/** How a comparison was made. */
export interface ComparisonFacts {
  readonly base: string;
  readonly rounds: number;
  readonly machine: string;
  readonly load: string;
}

/** Every figure that both states have, in the order of the newer one. */
export function compareRows({ base, again, now }: ComparedRounds): readonly ComparedRow[] {
  const [first = []] = now;
  return first.flatMap((row) => {
    const values = (rounds: readonly (readonly Row[])[]): number[] => rounds.flatMap((rows) => rows.find((other) => isSame(row, other))?.value ?? []);
    const [before, after, repeated] = [values(base), values(now), values(again)];
    if (before.length !== now.length || after.length !== now.length) return [];
    const { bench, contender, concurrency, metric } = row;
    const ratios = after.map((value, round) => value / (before[round] as number));
    const noise = repeated.map((value, round) => value / (before[round] as number));
    const ratio = median(ratios);
    const isWorse = isWorseThanNoise(metric, ratios, noise);
    return [{ bench, contender, concurrency, metric, base: median(before), now: median(after), ratio, ratios, noise, isWorse }];
  });
}

/**
 * Whether a figure is worse by more than noise: by more than three hundredths in the median, in every round but one of four, and by more than the base
 * differs from itself, if that was measured. A percentile alone decides nothing.
 */
function isWorseThanNoise(metric: string, ratios: readonly number[], noise: readonly number[]): boolean {
  if (metric.includes("P99") || metric.startsWith("p99")) return false;
  const losses = ratios.map((ratio) => lossOf(metric, ratio));
  const worse = losses.filter((loss) => loss > 0).length;
  const differs = noise.length === 0 ? 0 : median(noise.map((ratio) => Math.abs(lossOf(metric, ratio))));
  return median(losses) > Math.max(SMALLEST_PART, differs) && worse >= Math.ceil(losses.length * 0.75);
}

/** By which part of the base it is worse; negative if it is better. */
function lossOf(metric: string, ratio: number): number {
  return metric.endsWith("PerSecond") ? 1 - ratio : ratio - 1;
}

function isSame(one: Row, other: Row): boolean {
  return one.bench === other.bench && one.contender === other.contender && one.concurrency === other.concurrency && one.metric === other.metric;
}

/** The figures as Markdown, with the ratios of each round, and at the end what is worse. */
export function renderComparison(rows: readonly ComparedRow[], { base, rounds, machine, load }: ComparisonFacts): string {
  const isNoisy = rows.some(({ noise }) => noise.length > 0);
  const head = ["bench", "contender", "metric", "at once", "base", "now", "ratio", ...(isNoisy ? ["base again"] : []), "ratio of each round"];
  const lines = rows.map((row) => [
    ...[row.bench, row.contender, row.metric, String(row.concurrency), format(row.base), format(row.now)],
    `${row.ratio.toFixed(3)}${row.isWorse ? " worse" : ""}`,
    ...(isNoisy ? [row.noise.length === 0 ? "-" : median(row.noise).toFixed(3)] : []),
    row.ratios.map((ratio) => ratio.toFixed(2)).join(" "),
  ]);
  const worse = rows
    .filter(({ isWorse }) => isWorse)
    .map(({ bench, contender, concurrency, metric }) => `${bench} ${contender} ${metric} at ${concurrency}`);
  return [
    `Base ${base}, this checkout against it. ${rounds} rounds. ${machine}; load ${load} at the end.`,
    renderTable(head, lines, 3),
    worse.length === 0 ? "Nothing is worse by more than noise." : `Worse by more than noise: ${worse.join(", ")}.`,
  ].join("\n\n");
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
