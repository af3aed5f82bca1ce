import { DEFAULT_LIMITS, type Limits } from "../../kernel/limits.ts";
import type { EnvironmentReader } from "./environment-reader.ts";
import { LIMIT_NAMES, limitVariable } from "./variables.ts";

/** The longest time that a timer of Node can wait; longer ones fire at once. */
const GREATEST_TIMER_MS = 2 ** 31 - 1;

/** Ten years: the database cannot compute with times that are much longer ago. */
const GREATEST_KEPT_MS = 3_650 * 86_400_000;

/** The smallest values of limits for which it is not 1. */
const LEAST: Partial<Record<keyof Limits, number>> = { clockSkewMs: 0, drainMs: 0, graceMs: 0, inboxKeptMs: 86_400_000 };

/** Pairs of limits: the first must be below the second; `mayEqual` also allows equal values. */
const ORDERED: readonly (readonly [lower: keyof Limits, upper: keyof Limits, mayEqual: boolean])[] = [
  ["deadlineMs", "greatestDeadlineMs", true],
  ["meshPingMs", "meshSilenceMs", false],
  ["subscriptionHeartbeatMs", "subscriptionIdleMs", false],
  ["headersTimeoutMs", "requestTimeoutMs", true],
  ["outboxKeptMs", "inboxKeptMs", true],
];

/** A time for which rows are kept needs no timer, so it may be longer. */
function greatestOf(name: keyof Limits): number {
  if (name.endsWith("KeptMs")) return GREATEST_KEPT_MS;
  return name.endsWith("Ms") ? GREATEST_TIMER_MS : Number.MAX_SAFE_INTEGER;
}

/** The limits in force: the defaults, and the values of `HOLON_LIMIT_<NAME>`. */
export function readLimits(production: boolean, reader: EnvironmentReader): Limits {
  // No load balancer sends work to a development machine, so a stop there does not wait for one to notice.
  const defaults: Limits = production ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, drainMs: 0 };
  const limits: Record<keyof Limits, number> = { ...defaults };
  for (const name of LIMIT_NAMES) {
    limits[name] = reader.integer(limitVariable(name), defaults[name], LEAST[name] ?? 1, greatestOf(name));
  }
  for (const [lower, upper, mayEqual] of ORDERED) {
    if (limits[lower] < limits[upper] || (mayEqual && limits[lower] === limits[upper])) continue;
    const named = reader.has(limitVariable(lower)) ? lower : upper;
    reader.refuse(
      limitVariable(named),
      `leaves ${lower} at ${limits[lower]} and ${upper} at ${limits[upper]}.`,
      `Keep ${limitVariable(lower)} ${mayEqual ? "at most" : "below"} ${limitVariable(upper)}.`,
    );
  }
  return limits;
}
