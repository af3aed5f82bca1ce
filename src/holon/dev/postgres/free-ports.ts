import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * By default, systems do not use these ports for outgoing connections, or for servers on port 0. So a port stays free until the process that gets it listens.
 */
const PORTS = { from: 20_000, to: 32_000 } as const;

/** A port of 127.0.0.1 on which nothing listens now. Another process may take it before you listen on it, so be ready to get another one. */
export async function freePort(): Promise<number> {
  const [port] = (await freePorts(1)) as [number];
  return port;
}

/** Ports of 127.0.0.1 on which nothing listens now. They are all different, because each is held until all are found. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  while (held.size < count) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = held.has(port) ? undefined : await listenOn(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...held.keys()];
}

/** Listens on a port; undefined if another program has the port. Errors: any other reason why a server cannot listen. */
async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (["EADDRINUSE", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
