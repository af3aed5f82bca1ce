import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { meant } from "./configuration-error.ts";
import { type EnvironmentReader, fileVariable } from "./environment-reader.ts";
import type { AppShape } from "./plan.ts";

/** One variable that a process reads. */
interface Variable {
  readonly name: string;
  readonly fallback: string;
  readonly means: string;
  /** Whether `<name>_FILE` may name a file with the value instead. */
  readonly mayBeFile: boolean;
}

const variable = (name: string, fallback: string, means: string): Variable => ({ name, fallback, means, mayBeFile: false });
const secret = (name: string, fallback: string, means: string): Variable => ({ name, fallback, means, mayBeFile: true });

/** Every variable with a fixed name; {@link contextVariables} and {@link limitVariable} name the others. */
export const VARIABLES: readonly Variable[] = [
  variable("HOLON_CONTEXTS", "all", "Contexts that this process hosts, by name, separated by commas; `none` for an edge without contexts."),
  variable("HOLON_ROLES", "`edge,rpc,jobs`; `edge` if no context is hosted", "What this process does; it opens only the ports of its roles."),
  variable("PORT", "3000", "Public port (role `edge`); 0 takes a free port, also for the ports below."),
  variable("HOLON_MESH_PORT", "3001", "Port for other processes of the app (role `rpc`)."),
  variable("HOLON_OPS_PORT", "3002", "Port for operations: health, metrics, dashboards."),
  variable("HOLON_HOST", "127.0.0.1; 0.0.0.0 in production", "Address that the public port and the mesh port listen on."),
  variable("HOLON_OPS_HOST", "127.0.0.1", "Address that the operations port listens on."),
  variable("HOLON_OPS_WRITE", "", "`yes` lets admins change things in the dashboard of the operations port; it is read-only otherwise."),
  variable("DATABASE_URL", "embedded Postgres", "Database of all contexts that have no database of their own."),
  variable(
    "HOLON_QUEUE_DATABASE_URL",
    "`DATABASE_URL`",
    "Database for queues if there is no Redis; needed if every context has a database of its own.",
  ),
  variable("HOLON_EMBEDDED_FOLDER", "`.holon/postgres`", "Folder of the embedded Postgres."),
  variable("HOLON_EMBEDDED_PORT", "a free one", "Port of the embedded Postgres, on 127.0.0.1."),
  variable("HOLON_ALLOW_EMBEDDED_DATABASE", "", "`yes` lets production run on the embedded Postgres."),
  variable("REDIS_URL", "queues on Postgres", "Redis for queues: a single node; it may be emptied at any time."),
  variable("HOLON_QUEUE_PREFIX", "name of the app", "Prefix of all queues. It separates the queues of apps that share a Redis or a database."),
  secret(
    "HOLON_KEY",
    "",
    "Private Ed25519 key of this process, as a JWK or as PKCS #8 in PEM. It proves which process this is. `node dist/src/main.js key` makes one.",
  ),
  secret(
    "HOLON_PEERS",
    "",
    'Public keys by context, and of the edge, as JSON: `{"edge": ["..."], "orders": ["...", "..."]}`; the same for all processes.',
  ),
  variable(
    "HOLON_ALLOW_SECRET_ONLY",
    "",
    "`yes` lets production have several processes without keys. The secret then proves that a process is a member of the app, not which process it is.",
  ),
  secret(
    "HOLON_MESH_TLS_CERT",
    "no TLS",
    "Certificate of this process in PEM, with the certificates up to the authority. It switches TLS between processes on.",
  ),
  secret("HOLON_MESH_TLS_KEY", "", "Private key of that certificate, in PEM."),
  secret("HOLON_MESH_TLS_CA", "", "Certificate, in PEM, of the authority that issued the certificates of all processes."),
  secret(
    "HOLON_SECRET",
    "a random one, in development",
    "Proves that a process belongs to the app, if there are no keys, and signs the sessions of the dashboard; the same for all processes, at least 32 characters in production.",
  ),
  variable("HOLON_ALLOW_MADE_UP_SECRET", "", "`yes` lets production run with a secret that was made up at start."),
  variable("HOLON_TRUSTED_PROXIES", "none", "Addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` is trusted, separated by commas."),
  variable("HOLON_CORS_ORIGINS", "none", "Origins (`https://shop.example`) whose pages may call, separated by commas."),
  variable(
    "HOLON_DOCS",
    "`page`; `document` in production",
    "What the public port shows of its REST interface: `page` (`/openapi.json` and the interactive `/docs`), `document` (`/openapi.json` alone) or `off`.",
  ),
  variable("NODE_ENV", "development", "`production`, `development` or `test`; production refuses settings that are made for development."),
  variable("LOG_LEVEL", "info", "`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`."),
  variable(
    "HOLON_ON_UNHANDLED",
    "exit; log in production",
    "What happens when a promise of the app is rejected and nothing handles it: `exit` logs it and ends the process with code 1, as Node does; `log` logs it with its stack and goes on; `trace` also names the handler that left the promise, which costs each call about a microsecond (development always names it). A failed call or transaction never ends the process; an uncaught exception always does.",
  ),
  variable("OTEL_EXPORTER_OTLP_ENDPOINT", "off", "Where traces will be sent by OTLP over HTTP. Nothing is sent yet."),
];

/** Variables of the project's own tests and tools. Processes that they start inherit the variables and do not read them. */
const TOOL_VARIABLES: readonly string[] = ["HOLON_FAULT_SCALE", "HOLON_FAULT_SEED", "HOLON_OLD_VERSION_FOLDER", "HOLON_WEEKS_DAYS"];

/** The variables of one context. */
export function contextVariables(context: string): { readonly address: string; readonly database: string } {
  return { address: `HOLON_${context.toUpperCase()}_URL`, database: `HOLON_${context.toUpperCase()}_DATABASE_URL` };
}

/** The variable that overrides a limit: `bodyBytes` is `HOLON_LIMIT_BODY_BYTES`. */
export function limitVariable(limit: keyof typeof DEFAULT_LIMITS): string {
  return `HOLON_LIMIT_${limit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Names of all limits. */
export const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly (keyof typeof DEFAULT_LIMITS)[];

const CONTEXT_VARIABLE = /^HOLON_([A-Z][A-Z0-9]*?)(_DATABASE)?_URL$/;

/** All contexts that the app mentions: its own, and those of other deployments that it calls or subscribes to. */
export function knownContexts(shape: AppShape): string[] {
  return [...new Set(shape.contexts.flatMap((context) => [context.name, ...context.calls, ...context.subscribesTo]))];
}

/** Refuses every `HOLON_` variable that nothing reads: otherwise a misspelled name would be a setting that silently does nothing. */
export function refuseUnknownVariables(shape: AppShape, reader: EnvironmentReader): void {
  const contexts = knownContexts(shape);
  const ofContexts = contexts.flatMap((context) => Object.values(contextVariables(context)));
  const files = VARIABLES.filter(({ mayBeFile }) => mayBeFile).map(({ name }) => fileVariable(name));
  const known = new Set([...VARIABLES.map(({ name }) => name), ...files, ...ofContexts, ...LIMIT_NAMES.map(limitVariable)]);
  for (const name of reader.names) {
    if (!name.startsWith("HOLON_") || known.has(name) || TOOL_VARIABLES.includes(name)) continue;
    const context = CONTEXT_VARIABLE.exec(name)?.[1];
    const problem = context === undefined ? "is no setting of Holon." : `names a context "${context.toLowerCase()}", which the app does not have.`;
    reader.refuse(
      printable(name),
      problem,
      `${meant(name, known)}${context === undefined ? "Correct it, or" : `Contexts are: ${contexts.join(", ")}. Correct it, or`} do not set it.`,
    );
  }
}

/** Names of variables come from outside, so characters that control a terminal are replaced. */
function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, "?");
}
