import { connect, createServer, type Socket } from "node:net";

/** A way to a database on which answers take their time. */
export interface SlowProxy {
  readonly url: string;
  /** Keeps all answers back from now on, on open connections and on new ones. */
  silence(): void;
  /** Hands answers on again; those that were kept back are lost. */
  speak(): void;
  close(): void;
}

/** Opens {@link SlowProxy} in front of a database; questions, and requests to cancel, pass at once. */
export async function openSlowProxy(url: string, delayMs: number): Promise<SlowProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => setTimeout(() => isSilent || client.write(chunk), delayMs));
    upstream.on("close", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const near = new URL(url);
  near.port = String((server.address() as { port: number }).port);
  return {
    url: near.href,
    silence: () => {
      isSilent = true;
    },
    speak: () => {
      isSilent = false;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
