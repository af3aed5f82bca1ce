import { HolonError } from "../kernel/holon-error.ts";
import { createProcessKey } from "../mesh/identity/process-key.ts";
import { redactText } from "../observe/redaction.ts";
import { renderTable } from "../process/plan/render-plan.ts";
import type { RunningProcess } from "../process/start/start-process.ts";

/** The text that a started process prints: whether it is ready, a row for each context, its addresses, and what keeps a context from working. */
export function renderProcess({ plan, edge, mesh, ops, database, contexts, readiness }: RunningProcess): string {
  const rows = contexts.map(({ name, module, targets }) => [name, "this process", `${targets.size} procedures`, callsOf(module.calls)]);
  const remote = Object.entries(plan.addresses).map(([name, urls]) => [name, urls.join(", "), "", ""]);
  const addresses: string[][] = [];
  if (edge !== undefined) addresses.push(["edge", `${edge.url}/trpc`]);
  if (mesh !== undefined) addresses.push(["mesh", `http://${plan.mesh?.host}:${mesh.port}`]);
  if (ops !== undefined) addresses.push(["operations", ops.url]);
  if (database.url !== undefined) addresses.push(["database", shownUrl(plan, database.url)]);
  const head = `${plan.name} ${readiness().ready ? "is ready" : "runs and is not ready"}`;
  const tables = `${renderTable(["context", "runs in", "has", "calls"], [...rows, ...remote])}\n\n${renderTable(["", ""], addresses)}`;
  const faults = [...database.differing.values()].map(({ reason, cure }) => `\n${reason}\n  ${cure}\n`);
  return `\n${head}\n\n${tables}\n${faults.join("")}`;
}

function callsOf(calls: Readonly<Record<string, { readonly name: string }>>): string {
  return Object.values(calls)
    .map(({ name }) => name)
    .join(", ");
}

/** The embedded database was made for the user at this terminal, so its whole login is shown, for psql. The password of any other database is hidden. */
function shownUrl({ database }: RunningProcess["plan"], url: string): string {
  return database.kind === "embedded" ? url : withoutPassword(url);
}

/** A database URL that may be shown, because its password is replaced. */
function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== "") shown.password = "***";
  return shown.href;
}

/**
 * Why a process could not start, for the user at the terminal: a sentence and a cure if the cause is a common one, otherwise the whole error.
 *
 * Guarantee: the text has no credentials. The message of an error often contains the URL that could not be opened, so credentials are removed.
 */
export function renderStartFailure(name: string, error: unknown): string {
  return redactText(render(name, error));
}

function render(name: string, error: unknown): string {
  const head = `${name} could not start:`;
  if (error instanceof HolonError) return `${head} ${error.message}${error.cause instanceof Error ? `\n  because: ${error.cause.message}` : ""}`;
  if (!(error instanceof Error)) return `${head} ${String(error)}`;
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  // The start has checked that the ports of the plan are free. So either the app's own code opens this port, or another program took the port after the check.
  if (code === "EADDRINUSE") return `${head} port ${port} is taken. Stop the program that listens there, or choose another port.`;
  if (code === "EACCES") return `${head} port ${port} may not be opened by this user. Choose a port above 1023.`;
  // An error of the system about a file or a socket has a clear sentence; any other error is a bug, and needs its stack.
  return `${head} ${code === undefined ? (error.stack ?? error.message) : error.message}`;
}

/** A new key as a line for an environment file, and its public half for the roster. */
export function renderNewKey(): string {
  const { key, jwk } = createProcessKey();
  return `HOLON_KEY='${jwk}'\n# for HOLON_PEERS: ${key.publicKey}`;
}
