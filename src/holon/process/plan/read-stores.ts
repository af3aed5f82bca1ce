import type { EnvironmentReader, UrlForm } from "./environment-reader.ts";
import type { AppShape, DatabasePlan, Role } from "./plan.ts";
import { readPort } from "./read-network.ts";
import { contextVariables, knownContexts } from "./variables.ts";

const POSTGRES: UrlForm = { schemes: ["postgres:", "postgresql:"], example: "postgres://user:password@host:5432/database" };
const QUEUE_PREFIX = /^[a-z][a-z0-9_]{0,39}$/;
const REDIS: UrlForm = { schemes: ["redis:", "rediss:"], example: "redis://host:6379" };

/** The databases and queues of a process. */
interface Stores {
  readonly database: DatabasePlan;
  readonly databaseContexts: readonly string[];
  readonly contextDatabases: Readonly<Record<string, string>>;
  readonly queueDatabase?: string;
  readonly redisUrl?: string;
  readonly queuePrefix: string;
  readonly workersCount: number;
}

/** The databases and queues that a process uses. In production the embedded Postgres is refused, unless HOLON_ALLOW_EMBEDDED_DATABASE allows it. */
export function readStores(
  shape: AppShape,
  hosted: readonly string[],
  roles: readonly Role[],
  production: boolean,
  reader: EnvironmentReader,
): Stores {
  const own = readContextDatabases(shape, hosted, reader);
  const databaseContexts = shape.contexts.filter(({ name, hasTables }) => hasTables && hosted.includes(name)).map(({ name }) => name);
  const sharing = databaseContexts.filter((context) => !reader.has(contextVariables(context).database));
  const database = readDatabase(sharing, production, reader);
  const redisUrl = reader.url("REDIS_URL", REDIS);
  const queueUrl = reader.url("HOLON_QUEUE_DATABASE_URL", POSTGRES);
  const needsQueues = roles.includes("jobs") && workersCountOf(shape, databaseContexts) > 0 && !reader.has("REDIS_URL");
  const queueDatabase = needsQueues ? (queueUrl ?? (database.kind === "server" ? database.url : undefined)) : undefined;
  if (needsQueues && database.kind === "none" && !reader.has("DATABASE_URL") && !reader.has("HOLON_QUEUE_DATABASE_URL")) {
    reader.refuse(
      "HOLON_QUEUE_DATABASE_URL",
      "is missing: every context has its own database, and no database is set for the queues.",
      "Set it, or REDIS_URL, or DATABASE_URL.",
    );
  }
  return {
    database,
    databaseContexts,
    contextDatabases: own,
    ...(queueDatabase === undefined ? {} : { queueDatabase }),
    ...(redisUrl === undefined ? {} : { redisUrl }),
    queuePrefix: readQueuePrefix(shape.name, reader),
    workersCount: roles.includes("jobs") ? workersCountOf(shape, databaseContexts) : 0,
  };
}

function readQueuePrefix(app: string, reader: EnvironmentReader): string {
  const prefix = reader.text("HOLON_QUEUE_PREFIX") ?? app.toLowerCase().replace(/[^a-z0-9_]/g, "_");
  if (reader.has("HOLON_QUEUE_PREFIX") && !QUEUE_PREFIX.test(prefix)) {
    reader.refuse("HOLON_QUEUE_PREFIX", "is not a name for queues.", "Use lower-case letters, digits and _, at most 40, a letter first.");
  }
  return prefix;
}

function workersCountOf(shape: AppShape, contexts: readonly string[]): number {
  return shape.contexts.reduce((sum, { name, workersCount }) => sum + (contexts.includes(name) ? workersCount : 0), 0);
}

function readContextDatabases(shape: AppShape, hosted: readonly string[], reader: EnvironmentReader): Record<string, string> {
  const urls = new Map<string, string>();
  for (const context of knownContexts(shape)) {
    const url = reader.url(contextVariables(context).database, POSTGRES);
    if (url !== undefined && hosted.includes(context)) urls.set(context, url);
  }
  return Object.fromEntries(urls);
}

function readDatabase(sharing: readonly string[], production: boolean, reader: EnvironmentReader): DatabasePlan {
  const url = reader.url("DATABASE_URL", POSTGRES);
  const folder = reader.text("HOLON_EMBEDDED_FOLDER") ?? ".holon/postgres";
  const port = readPort(reader, "HOLON_EMBEDDED_PORT", 0);
  const isEmbeddedAllowed = reader.isAllowed("HOLON_ALLOW_EMBEDDED_DATABASE") || !production;
  if (url !== undefined) return { kind: "server", url };
  if (sharing.length === 0 || reader.has("DATABASE_URL")) return { kind: "none" };
  if (!isEmbeddedAllowed) {
    reader.refuse(
      "DATABASE_URL",
      `is missing: production does not put ${sharing.join(", ")} on the embedded database.`,
      `Set it as in ${POSTGRES.example}, or allow the embedded one by HOLON_ALLOW_EMBEDDED_DATABASE=yes.`,
    );
  }
  return port === 0 ? { kind: "embedded", folder } : { kind: "embedded", folder, port };
}
