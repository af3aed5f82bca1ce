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

/** The embedded database was made here, for the user at this terminal: its login is for psql. Any other database has an owner, so its password is hidden. */
function shownUrl({ database }: RunningProcess["plan"], url: string): string {
  return database.kind === "embedded" ? url : withoutPassword(url);
}

/** A database URL without its password, which may be shown. */
function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== "") shown.password = "***";
  return shown.href;
}
