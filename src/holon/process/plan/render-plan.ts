import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { maskedUrl } from "./configuration-error.ts";
import type { DatabasePlan, Listener, Plan } from "./plan.ts";
import { LIMIT_NAMES } from "./variables.ts";

type Line = readonly [label: string, text: string];

/** The plan as a text for people, with one decision on each line; secrets and passwords are masked. */
export function renderPlan(plan: Plan): string {
  const lines = [...placeLines(plan), ...storeLines(plan), ...ruleLines(plan)];
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join("\n");
}

function placeLines(plan: Plan): Line[] {
  return [
    ["app", `${plan.name} (${plan.production ? "production" : "development"})`],
    ["contexts", plan.contexts.join(", ") || "none: a bare edge"],
    ["roles", plan.roles.join(", ")],
    ...(plan.edge === undefined ? [] : [["edge", address(plan.edge)] as const]),
    ...(plan.mesh === undefined ? [] : [["mesh", address(plan.mesh)] as const]),
    ["operations", address(plan.ops)],
    ...Object.entries(plan.addresses).map(([context, urls]): Line => [`calls ${context}`, urls.join(", ")]),
  ];
}

function storeLines(plan: Plan): Line[] {
  const { contextsCount, healthCount, renewalsCount, listenCount, queuesCount, totalCount } = connectionBudget(plan);
  const asides = [`${healthCount} for health`, `${renewalsCount} for renewals`];
  const parts = [`${contextsCount} for contexts`, ...asides, `${listenCount} listening`, `${queuesCount} for queues`];
  return [
    ["database", databaseText(plan.database)],
    ...Object.entries(plan.contextDatabases).map(([context, url]): Line => [`  of ${context}`, maskedUrl(url)]),
    ["queues", queuesText(plan)],
    ["connections", `${totalCount} to Postgres at most: ${parts.join(", ")}`],
  ];
}

function ruleLines(plan: Plan): Line[] {
  const changed = LIMIT_NAMES.filter((name) => plan.limits[name] !== DEFAULT_LIMITS[name]);
  return [
    ...identityLines(plan),
    ["secret", plan.secretMadeUp ? "made up at start" : "given"],
    ["log level", plan.logLevel],
    ["unhandled rejections", plan.onUnhandled],
    ["traces", plan.otlpEndpoint === undefined ? "off" : maskedUrl(plan.otlpEndpoint)],
    ["trusted proxies", plan.trustedProxies.join(", ") || "none"],
    ["cors origins", plan.corsOrigins.join(", ") || "none"],
    ["docs", plan.docs],
    ["limits", changed.map((name) => `${name} ${plan.limits[name]} (default ${DEFAULT_LIMITS[name]})`).join(", ") || "all at their defaults"],
  ];
}

function identityLines({ key, peers = {}, meshTls }: Plan): Line[] {
  const counts = Object.entries(peers).map(([name, keys]) => `${name} ${keys.length}`);
  return [
    ["identity", key === undefined ? "by secret: proves membership only" : `key ${key.publicKey}`],
    ...(key === undefined ? [] : [["peers", `keys: ${counts.join(", ")}`] as const]),
    ["mesh TLS", meshTls === undefined ? "off" : "on"],
  ];
}

function address({ host, port }: Listener): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port === 0 ? "any free port" : port}`;
}

function databaseText(database: DatabasePlan): string {
  if (database.kind === "server") return maskedUrl(database.url);
  if (database.kind === "none") return "none shared";
  return `embedded Postgres in ${database.folder}${database.port === undefined ? "" : `, port ${database.port}`}`;
}

function queuesText(plan: Plan): string {
  if (plan.redisUrl !== undefined) return maskedUrl(plan.redisUrl);
  if (plan.queueDatabase !== undefined) return `on Postgres: ${maskedUrl(plan.queueDatabase)}`;
  return plan.workersCount > 0 && plan.database.kind === "embedded" ? "on the embedded Postgres" : "none";
}

/** The greatest number of connections to Postgres that a process can have open at once, by their use. */
interface ConnectionBudget {
  /** Pools of the hosted contexts. */
  readonly contextsCount: number;
  /** One more connection for each context, which checks whether the server answers while the pool is busy. */
  readonly healthCount: number;
  /**
   * Connections that renew leases, if the background work of contexts runs here. Each context has one for the time when its pool is busy, and two in the second
   * thread for the time when the process is blocked.
   */
  readonly renewalsCount: number;
  /** The client that receives NOTIFY. */
  readonly listenCount: number;
  /** The pool of queues on Postgres, and a connection on which each worker waits. */
  readonly queuesCount: number;
  readonly totalCount: number;
}

/** The spare connection of the pool, and two connections of the second thread: one for jobs, one for workflow runs. */
const RENEWALS_OF_CONTEXT = 3;

/** The number of connections of one process in the worst case. Multiply it by the number of replicas and compare with `max_connections`. */
export function connectionBudget(plan: Plan): ConnectionBudget {
  const contextsCount = plan.databaseContexts.length * plan.limits.poolCount;
  const healthCount = plan.databaseContexts.length;
  const renewalsCount = plan.roles.includes("jobs") ? plan.databaseContexts.length * RENEWALS_OF_CONTEXT : 0;
  const listenCount = plan.databaseContexts.length > 0 ? 1 : 0;
  const queuesCount = plan.workersCount > 0 && plan.redisUrl === undefined ? plan.limits.poolCount + plan.workersCount : 0;
  const totalCount = contextsCount + healthCount + renewalsCount + listenCount + queuesCount;
  return { contextsCount, healthCount, renewalsCount, listenCount, queuesCount, totalCount };
}

/** A table for a terminal: columns are as wide as their widest cell. If all headings are empty, they are left out. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = headings.some((heading) => heading !== "") ? [headings, ...rows] : rows;
  const widths = headings.map((_, column) => Math.max(0, ...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd()).join("\n");
}
