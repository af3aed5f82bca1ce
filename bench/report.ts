import type { Goal } from "./bench-plan.ts";
import type { Results } from "./rounds.ts";
import { renderTable } from "./table.ts";

/** One figure, as `--json` writes it. */
export interface Row {
  readonly bench: string;
  readonly contender: string;
  readonly concurrency: number;
  readonly metric: string;
  /** The median of {@link raw}. */
  readonly value: number;
  /** One value for each round. */
  readonly raw: readonly number[];
}

/** A goal and its result. `value` is undefined if a contender of the goal did not take part. */
export interface Outcome {
  readonly text: string;
  readonly value: number | undefined;
  readonly met: boolean;
}

/** The middle value; for an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}

/** All figures of a bench. */
export function toRows({ plan, contenders, figures }: Results): Row[] {
  const rows: Row[] = [];
  for (const concurrency of plan.concurrencies) {
    for (const contender of contenders) {
      const rounds = figures.get(contender)?.get(concurrency) ?? [];
      if (rounds.length === 0) continue;
      for (const { name: metric } of plan.metrics) {
        const raw = rounds.map((round) => round[metric] as number);
        rows.push({ bench: plan.name, contender, concurrency, metric, value: median(raw), raw });
      }
    }
  }
  return rows;
}

/** The results of the goals of a bench. */
export function toOutcomes({ plan }: Results, rows: readonly Row[]): Outcome[] {
  return plan.goals.map((goal) => outcomeOf(goal, rows));
}

/** Renders medians, ratios to the base and the values of each round as Markdown that is also readable on a terminal. */
export function renderResults(results: Results, rows: readonly Row[]): string {
  const { plan, contenders } = results;
  const parts = [`### ${plan.title} (\`${plan.name}\`)`];
  for (const concurrency of plan.concurrencies) {
    if (plan.concurrencies.length > 1) parts.push(`**${concurrency} at once**`);
    parts.push(medians(results, rows, concurrency));
  }
  parts.push("Goals (`a / b` is the figure of a, divided by that of b):", renderOutcomes(toOutcomes(results, rows)), "Values of each round:");
  const lines: string[][] = [];
  for (const concurrency of plan.concurrencies) {
    for (const contender of contenders) {
      const shown = plan.metrics.filter(({ name }) => name !== "cpuUs" && name !== "p99us");
      for (const { name, title, digits } of shown) {
        const row = find(rows, contender, concurrency, name);
        if (row !== undefined) lines.push([contender, String(concurrency), title, row.raw.map((value) => format(value, digits)).join(" ")]);
      }
    }
  }
  parts.push(renderTable(["contender", "at once", "metric", "rounds"], lines, 3));
  return parts.join("\n\n");
}

function medians({ plan, contenders }: Results, rows: readonly Row[], concurrency: number): string {
  const [base = ""] = plan.contenders;
  const head = ["contender"];
  for (const { name, title } of plan.metrics) head.push(title, ...(hasRatio(name) ? [`of ${base}`] : []));
  const lines = contenders.map((contender) => {
    const line = [contender];
    for (const { name, digits } of plan.metrics) {
      const row = find(rows, contender, concurrency, name);
      line.push(row === undefined ? "-" : format(row.value, digits));
      if (hasRatio(name)) line.push(formatRatio(ratioOf(row, find(rows, base, concurrency, name))));
    }
    return line;
  });
  return renderTable(head, lines);
}

function hasRatio(metric: string): boolean {
  return metric === "callsPerSecond" || metric === "p50us";
}

function renderOutcomes(outcomes: readonly Outcome[]): string {
  return outcomes
    .map(
      ({ text, value, met }) => `- ${text}, ${value === undefined ? "not measured" : `measured ${value.toFixed(2)}, ${met ? "met" : "**missed**"}`}`,
    )
    .join("\n");
}

function outcomeOf(goal: Goal, rows: readonly Row[]): Outcome {
  const { contender, against, metric, concurrency, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goal;
  const row = find(rows, contender, concurrency, metric);
  const value = against === undefined ? row?.value : ratioOf(row, find(rows, against, concurrency, metric));
  const bound = goal.atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  const what = against === undefined ? `\`${metric}\` of ${contender}` : `\`${metric}\` of ${contender} / ${against}`;
  return { text: `${what} with ${concurrency} at once: goal ${bound}`, value, met: value !== undefined && value >= atLeast && value <= atMost };
}

/** The median of the ratios within each round. Other load in a round slows both values, so their ratio stays comparable. */
function ratioOf(row: Row | undefined, base: Row | undefined): number | undefined {
  if (row === undefined || base === undefined) return undefined;
  return median(row.raw.map((value, round) => value / (base.raw[round] as number)));
}

function find(rows: readonly Row[], contender: string, concurrency: number, metric: string): Row | undefined {
  return rows.find((row) => row.contender === contender && row.concurrency === concurrency && row.metric === metric);
}

function format(value: number, digits: number): string {
  return value.toFixed(digits);
}

function formatRatio(value: number | undefined): string {
  if (value === undefined) return "-";
  return value < 0.1 ? value.toFixed(3) : value.toFixed(2);
}
