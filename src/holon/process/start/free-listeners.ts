import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Listener, Plan } from "../plan/plan.ts";

/** An address to listen on, with the variables that set it. */
interface NamedListener extends Listener {
  readonly portVariable: string;
  readonly hostVariable: string;
}

/** The kernel's code for a socket that listens. */
const LISTENING = "0A";

/**
 * Opens each port of a plan and closes it again, before anything else is opened. Otherwise a database would be started first, which takes seconds and hides the
 * reason of the failure.
 *
 * Guarantee: only that the ports are free now. Another program may take a port before the process listens on it.
 * Errors: CONFLICT with all ports that cannot be opened, each with its variable and, if the system reports it, the process that has it.
 */
export async function assertListenersFree(plan: Pick<Plan, "edge" | "mesh" | "ops">): Promise<void> {
  await assertFree([
    ...(plan.edge === undefined ? [] : [{ ...plan.edge, portVariable: "PORT", hostVariable: "HOLON_HOST" }]),
    ...(plan.mesh === undefined ? [] : [{ ...plan.mesh, portVariable: "HOLON_MESH_PORT", hostVariable: "HOLON_HOST" }]),
    { ...plan.ops, portVariable: "HOLON_OPS_PORT", hostVariable: "HOLON_OPS_HOST" },
  ]);
}

/** {@link assertListenersFree} for the public port alone. Errors: CONFLICT. */
export async function assertEdgeFree({ host, port }: Listener): Promise<void> {
  await assertFree([{ host, port, portVariable: "PORT", hostVariable: "HOLON_HOST" }]);
}

async function assertFree(listeners: readonly NamedListener[]): Promise<void> {
  const problems = await Promise.all(listeners.map(problemOf));
  const found = [...new Set(problems.filter((problem) => problem !== undefined))];
  if (found.length > 0) throw catalogueError("CONFLICT", found.join("\n  "));
}

async function problemOf({ host, port, portVariable, hostVariable }: NamedListener): Promise<string | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      return `${portVariable} ${port} is taken by ${portHolder(port) ?? "another program"}. Stop it, or set ${portVariable} to another port; 0 takes a free one.`;
    }
    if (code === "EACCES") return `${portVariable} ${port} may not be opened by this user. Choose a port above 1023.`;
    if (code === "EADDRNOTAVAIL") return `${hostVariable} ${host} is not an address of this machine. Use one that it has, or 0.0.0.0 for all.`;
    if (code === "ENOTFOUND" || code === "EAI_AGAIN")
      return `${hostVariable} ${host} is a name without an address. Use 127.0.0.1, or 0.0.0.0 for all.`;
    return `${portVariable} ${port} cannot be opened on ${host}: ${message}.`;
  }
  await new Promise((resolve) => server.close(resolve));
  return undefined;
}

/** The process that listens on a port, such as `process 4711 (node)`; undefined if the system does not report it to this user. */
function portHolder(port: number): string | undefined {
  const sockets = new Set([...listeningSockets("/proc/net/tcp", port), ...listeningSockets("/proc/net/tcp6", port)]);
  if (sockets.size === 0) return undefined;
  const pid = entriesOf("/proc").find(
    (name) => /^\d+$/.test(name) && entriesOf(`/proc/${name}/fd`).some((fd) => sockets.has(read(() => readlinkSync(`/proc/${name}/fd/${fd}`)))),
  );
  return pid === undefined ? undefined : `process ${pid} (${read(() => readFileSync(`/proc/${pid}/comm`, "utf8")).trim()})`;
}

/** The sockets that listen on a port, as the links of open files name them: `socket:[12345]`. */
function listeningSockets(table: string, port: number): readonly string[] {
  const rows = read(() => readFileSync(table, "utf8")).split("\n");
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    return state === LISTENING && Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16) === port ? [`socket:[${inode}]`] : [];
  });
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Empty if the file does not exist, may not be read by this user, or was removed before it was read. */
function read(get: () => string): string {
  try {
    return get();
  } catch {
    return "";
  }
}
