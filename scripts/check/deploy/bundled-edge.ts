import { spawn } from "node:child_process";
import path from "node:path";
import { freePorts } from "../../../src/holon/dev/postgres/free-ports.ts";
import { runCommand } from "../command.ts";

/** The contexts whose address the shop's edge needs; no process answers at these addresses. */
const CONTEXTS = ["USERS", "CATALOG", "ORDERS", "PAYMENTS", "NOTIFICATIONS"];

/** The paths of the API's page: its document, the page and its scripts and styles. */
const PATHS = ["/openapi.json", "/docs", "/docs/page.js", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js"];

/** How long the program may take to print its address. */
const START_MS = 60_000;

/**
 * Starts only an edge from the bundle, without installed packages, and fetches its documents. Runs the health check of the image against the edge, while
 * the edge runs and after it has ended.
 */
export async function bundledEdgeFaults(file: string, [healthCheck = "", ...healthArgs]: readonly string[]): Promise<string[]> {
  const [opsPort] = await freePorts(1);
  const isHealthy = (): boolean => runCommand(healthCheck, healthArgs, { env: { ...pathOf(process.env), HOLON_OPS_PORT: String(opsPort) } }).ok;
  const addresses = Object.fromEntries(CONTEXTS.map((name) => [`HOLON_${name}_URL`, "http://127.0.0.1:9"]));
  const env = { HOLON_CONTEXTS: "none", PORT: "0", HOLON_OPS_PORT: String(opsPort), HOLON_SECRET: "s", LOG_LEVEL: "silent", ...addresses };
  const child = spawn(process.execPath, [file, "start"], { cwd: path.dirname(file), env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  // If the program never prints its address, it is killed, which also ends the wait for the address.
  const patience = setTimeout(() => child.kill("SIGKILL"), START_MS);
  try {
    const url = await Promise.race([urlOf(child.stdout), ended]);
    if (url === undefined) return ["the bundle does not start as a bare edge"];
    const statuses = await Promise.all(PATHS.map(async (asked) => [asked, (await fetch(url + asked)).status] as const));
    const wasHealthy = isHealthy();
    child.kill("SIGKILL");
    await ended;
    return [
      ...statuses.filter(([, status]) => status !== 200).map(([asked, status]) => `the bundle answers ${asked} with ${status}`),
      ...(wasHealthy ? [] : ["the health check of the image fails while the process lives"]),
      ...(isHealthy() ? ["the health check of the image passes when the process is dead"] : []),
    ];
  } finally {
    clearTimeout(patience);
    child.kill("SIGKILL");
    await ended;
  }
}

/** Keeps only PATH of the environment, which a container has too. The program must need no other variable of this machine. */
function pathOf({ PATH }: NodeJS.ProcessEnv): Record<string, string> {
  return PATH === undefined ? {} : { PATH };
}

/** The public address, from the program's output. */
function urlOf(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    output.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const [, url] = /^ *edge +(http:\S+)\/trpc/m.exec(text) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
}
