import { DEFAULT_LIMITS, type Limits } from "../../kernel/index.ts";
import type { EnvironmentReader } from "./environment-reader.ts";
import { LIMIT_NAMES, limitVariable } from "./variables.ts";

/** The longest time that a timer of Node can wait; longer ones fire at once. */
const GREATEST_TIMER_MS = 2 ** 31 - 1;

/** Times that may be nothing. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set<keyof Limits>(["clockSkewMs", "drainMs", "graceMs"]);

/** Pairs of which the first must stay below the second, or may at most equal it. */
const ORDERED: readonly (readonly [lower: keyof Limits, upper: keyof Limits, mayEqual: boolean])[] = [
  ["deadlineMs", "greatestDeadlineMs", true],
  ["meshPingMs", "meshSilenceMs", false],
  ["subscriptionHeartbeatMs", "subscriptionIdleMs", false],
  ["headersTimeoutMs", "requestTimeoutMs", true],
];

/** The limits in force: the defaults, and what `HOLON_LIMIT_<NAME>` says. */
export function readLimits(production: boolean, reader: EnvironmentReader): Limits {
  // Nobody balances load onto a development machine: a stop there does not wait for balancers to notice.
  const defaults: Limits = production ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, drainMs: 0 };
  const limits: Record<keyof Limits, number> = { ...defaults };
  for (const name of LIMIT_NAMES) {
    const greatest = name.endsWith("Ms") ? GREATEST_TIMER_MS : Number.MAX_SAFE_INTEGER;
    limits[name] = reader.integer(limitVariable(name), defaults[name], MAY_BE_ZERO.has(name) ? 0 : 1, greatest);
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
