import type { Limits } from "../../kernel/limits.ts";
import type { ProcessKey } from "../../mesh/identity/process-key.ts";
import { EDGE, type RosterKeys } from "../../mesh/identity/roster.ts";

/** The parts of one context of the app that the plan of a process is made from. */
export interface ContextShape {
  readonly name: string;
  /** Contexts that its handlers call. */
  readonly calls: readonly string[];
  /** Contexts whose events it handles. */
  readonly subscribesTo: readonly string[];
  /** Whether any of its procedures can be called from outside, that is, is not `internal`. */
  readonly hasPublicProcedures: boolean;
  /** Whether it stores data: in tables of its own, or in the toolkit's tables for events, jobs and keys. */
  readonly hasTables: boolean;
  /** Number of queues that a process with the role `jobs` takes work from for this context. */
  readonly workersCount: number;
}

/** Contexts that may call each other in a circle, and why that is right. */
export interface AllowedCycle {
  readonly contexts: readonly string[];
  readonly reason: string;
}

/** An app without its code. It has only the parts that decide whether a topology is possible. */
export interface AppShape {
  readonly name: string;
  readonly contexts: readonly ContextShape[];
  readonly allowedCycles?: readonly AllowedCycle[];
}

/** The roles of a process: `edge` answers the public, `rpc` answers other processes, `jobs` does background work. */
export const ROLES = ["edge", "rpc", "jobs"] as const;

export type Role = (typeof ROLES)[number];

/** The parts of its REST interface that the public port shows: the document and an interactive page, the document alone, or neither. */
export const DOCS = ["page", "document", "off"] as const;

type Docs = (typeof DOCS)[number];

/**
 * What happens to the process if a promise of the app's own code is rejected and nothing handles it. `exit` ends the process. `log` logs the rejection, and the
 * process goes on. `trace` does the same, and names the handler that left the promise.
 */
export const ON_UNHANDLED = ["exit", "log", "trace"] as const;

type OnUnhandled = (typeof ON_UNHANDLED)[number];

/** The lowest level that is logged. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

type LogLevel = (typeof LOG_LEVELS)[number];

/** The address on which a server of this process listens. */
export interface Listener {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** The database of the hosted contexts that have no database of their own. */
export type DatabasePlan =
  | { readonly kind: "embedded"; readonly folder: string; readonly port?: number }
  | { readonly kind: "server"; readonly url: string }
  /** No context hosted here needs a shared database. */
  | { readonly kind: "none" };

/** All decisions that the environment makes for a process. Code that gets a plan never reads a variable itself. */
export interface Plan {
  /** The name of the app. */
  readonly name: string;
  readonly production: boolean;
  /** Contexts hosted here, in the order of the app. */
  readonly contexts: readonly string[];
  readonly roles: readonly Role[];
  /** The public port; absent without the role `edge`. */
  readonly edge?: Listener;
  /** The port for other processes; absent without the role `rpc`. */
  readonly mesh?: Listener;
  /** Health, metrics, dashboards. */
  readonly ops: Listener;
  /** Whether admins may change things in the dashboard. */
  readonly opsWrite: boolean;
  /** Mesh addresses of contexts that are not hosted here, each with its port: `mesh://catalog:3001`. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly database: DatabasePlan;
  /** Hosted contexts that need a database, shared or their own. */
  readonly databaseContexts: readonly string[];
  /** URLs of the hosted contexts that have a database of their own. */
  readonly contextDatabases: Readonly<Record<string, string>>;
  /** The Postgres database of the queues. It is absent with Redis, with an embedded database (which then contains the queues), and if no queue is needed. */
  readonly queueDatabase?: string;
  readonly redisUrl?: string;
  /** Separates the queues of several apps that share a Redis or a database. */
  readonly queuePrefix: string;
  /** Number of queues that this process takes work from; 0 without the role `jobs`. */
  readonly workersCount: number;
  /** Proves the identity of this process; absent if processes prove only that they belong to the app. */
  readonly key?: ProcessKey;
  /** Public keys of all processes, by the names that they speak for; set if `key` is set. */
  readonly peers?: RosterKeys;
  /** PEM texts for TLS between processes; absent if TLS is off. */
  readonly meshTls?: MeshTlsPlan;
  /** The secret that proves that a process belongs to the app; absent if it must be made up. */
  readonly secret?: string;
  /** Whether the code that starts the process must make up the secret, which must be the same for all processes of the app. */
  readonly secretMadeUp: boolean;
  readonly limits: Limits;
  readonly logLevel: LogLevel;
  readonly onUnhandled: OnUnhandled;
  readonly otlpEndpoint?: string;
  /** Addresses or networks whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may call from a browser. */
  readonly corsOrigins: readonly string[];
  /** The parts of its REST interface that the public port shows. */
  readonly docs: Docs;
}

/** Certificate and key of a process, and the certificate authority of all. */
export interface MeshTlsPlan {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The names for which a process speaks on the mesh: the contexts that it hosts, and `edge` if it has that role. */
export function namesOf({ contexts, roles }: Pick<Plan, "contexts" | "roles">): string[] {
  return [...contexts, ...(roles.includes("edge") ? [EDGE] : [])];
}
