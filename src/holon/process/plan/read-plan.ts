import { DEFAULT_LIMITS, type Limits } from "../../kernel/limits.ts";
import { refuseCallCycles } from "./call-cycles.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { type Environment, EnvironmentReader, type ReadFile, type UrlForm } from "./environment-reader.ts";
import { type AppShape, DOCS, LOG_LEVELS, ON_UNHANDLED, type Plan } from "./plan.ts";
import { readIdentity } from "./read-identity.ts";
import { readCorsOrigins, readListeners, readTrustedProxies } from "./read-network.ts";
import { readStores } from "./read-stores.ts";
import { readAddresses, readContexts, readRoles } from "./read-topology.ts";
import { LIMIT_NAMES, limitVariable, refuseUnknownVariables } from "./variables.ts";

const OTLP: UrlForm = { schemes: ["http:", "https:"], example: "http://collector:4318" };

/** For a caller without files. Every file is empty, so a variable that names a file is refused. */
const noFiles: ReadFile = () => "";

/**
 * Decides what one process does, from the app and its environment. Pure: it opens nothing, and reads only the files that variables name.
 *
 * Errors: ConfigurationError and nothing else, with all faults at once.
 */
export function readPlan(shape: AppShape, env: Environment, readFile = noFiles): Plan {
  const reader = new EnvironmentReader(env, readFile);
  const production = reader.choice("NODE_ENV", ["production", "development", "test"], "development") === "production";
  const contexts = readContexts(shape, reader);
  const roles = readRoles(contexts, reader);
  const listeners = readListeners(roles, production, reader);
  const addresses = readAddresses(shape, contexts, roles, reader);
  const stores = readStores(shape, contexts, roles, production, reader);
  const isPartOfMany = Object.keys(addresses).length > 0 || (listeners.mesh !== undefined && listeners.edge === undefined);
  const mesh = isPartOfMany ? "shared" : listeners.mesh === undefined ? "none" : "open";
  const identity = readIdentity(shape, { contexts, roles, callees: Object.keys(addresses), mesh }, production, reader);
  const otlpEndpoint = reader.url("OTEL_EXPORTER_OTLP_ENDPOINT", OTLP);
  const plan: Plan = {
    name: shape.name,
    production,
    contexts,
    roles,
    ...listeners,
    opsWrite: reader.isAllowed("HOLON_OPS_WRITE"),
    addresses,
    ...stores,
    ...identity,
    limits: readLimits(production, reader),
    logLevel: reader.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    onUnhandled: reader.choice("HOLON_ON_UNHANDLED", ON_UNHANDLED, production ? "log" : "exit"),
    ...(otlpEndpoint === undefined ? {} : { otlpEndpoint }),
    trustedProxies: readTrustedProxies(reader),
    corsOrigins: readCorsOrigins(reader),
    // The page has the same origin as the app's own pages, so a security fault in it would be a fault of all these pages.
    docs: reader.choice("HOLON_DOCS", DOCS, production ? "document" : "page"),
  };
  refuseUnknownVariables(shape, reader);
  refuseCallCycles(shape, reader);
  if (reader.faults.length > 0) throw new ConfigurationError(reader.faults);
  return plan;
}

/** The longest time that a timer of Node can wait; longer ones fire at once. */
const GREATEST_TIMER_MS = 2 ** 31 - 1;

/** Ten years: the database cannot compute with times that are much longer ago. */
const GREATEST_KEPT_MS = 3_650 * 86_400_000;

/** The smallest value of each limit whose smallest value is not 1. */
const LEAST: Partial<Record<keyof Limits, number>> = { clockSkewMs: 0, drainMs: 0, graceMs: 0, inboxKeptMs: 86_400_000 };

/** Pairs of limits: the first must be below the second; `mayEqual` also allows equal values. */
const ORDERED: readonly (readonly [lower: keyof Limits, upper: keyof Limits, mayEqual: boolean])[] = [
  ["deadlineMs", "greatestDeadlineMs", true],
  ["meshPingMs", "meshSilenceMs", false],
  ["subscriptionHeartbeatMs", "subscriptionIdleMs", false],
  ["headersTimeoutMs", "requestTimeoutMs", true],
  ["outboxKeptMs", "inboxKeptMs", true],
];

/** A time for which rows are kept needs no timer, so it may be longer than a timer can wait. */
function greatestOf(name: keyof Limits): number {
  if (name.endsWith("KeptMs")) return GREATEST_KEPT_MS;
  return name.endsWith("Ms") ? GREATEST_TIMER_MS : Number.MAX_SAFE_INTEGER;
}

/** The limits in force: the defaults, and the values of `HOLON_LIMIT_<NAME>`. */
function readLimits(production: boolean, reader: EnvironmentReader): Limits {
  // No load balancer sends work to a development machine, so a stop there does not wait for a balancer to notice it.
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
