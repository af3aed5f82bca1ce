import type { Limits } from "../../kernel/index.ts";
import { EDGE, type ProcessKey, type RosterKeys } from "../../mesh/identity/index.ts";

/** What a process does: answers the public, answers other processes, works queues. */
export const ROLES = ["edge", "rpc", "jobs"] as const;

export type Role = (typeof ROLES)[number];

/** What the public port shows of its REST interface: the document and an interactive page, the document alone, or neither. */
export const DOCS = ["page", "document", "off"] as const;

export type Docs = (typeof DOCS)[number];

/** What becomes of the process when a promise of the app's own is rejected and nothing handles it; `trace` goes on, and names the handler. */
export const ON_UNHANDLED = ["exit", "log", "trace"] as const;

export type OnUnhandled = (typeof ON_UNHANDLED)[number];

/** How much is logged. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where a server of this process listens. */
export interface Listener {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** The database that hosted contexts share, unless one has its own. */
export type DatabasePlan =
  | { readonly kind: "embedded"; readonly folder: string; readonly port?: number }
  | { readonly kind: "server"; readonly url: string }
  /** No context hosted here needs a shared one. */
  | { readonly kind: "none" };

/** Everything that a process decides by its environment, decided: nothing below reads a variable again. */
export interface Plan {
  /** Of the app. */
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
  /** Where queues live on Postgres; absent with Redis, with an embedded database (it holds them), and where no queue is needed. */
  readonly queueDatabase?: string;
  readonly redisUrl?: string;
  /** Keeps the queues of several apps apart that share a Redis or a database. */
  readonly queuePrefix: string;
  /** Queues that this process works; 0 without the role `jobs`. */
  readonly workersCount: number;
  /** Proves who this process is; absent where processes prove membership only. */
  readonly key?: ProcessKey;
  /** Public keys of all processes by what they speak for; there where `key` is. */
  readonly peers?: RosterKeys;
  /** PEM texts for TLS between processes; absent where it is off. */
  readonly meshTls?: MeshTlsPlan;
  /** Proves that a process belongs to the app; absent where it must be made up. */
  readonly secret?: string;
  /** Whether whoever starts the process makes the secret up, one for all processes of the app. */
  readonly secretMadeUp: boolean;
  readonly limits: Limits;
  readonly logLevel: LogLevel;
  readonly onUnhandled: OnUnhandled;
  readonly otlpEndpoint?: string;
  /** Addresses or networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may call. */
  readonly corsOrigins: readonly string[];
  /** What the public port shows of its REST interface. */
  readonly docs: Docs;
}

/** Certificate and key of a process, and the authority of all. */
export interface MeshTlsPlan {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** What a process speaks for between processes: the contexts that it hosts, and the edge where it is one. */
export function namesOf({ contexts, roles }: Pick<Plan, "contexts" | "roles">): string[] {
  return [...contexts, ...(roles.includes("edge") ? [EDGE] : [])];
}
