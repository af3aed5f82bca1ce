import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy between two processes. It can go silent without either process noticing. */
interface MuteProxy {
  readonly port: number;
  readonly sockets: readonly Socket[];
  /** Forwards nothing from now on; all connections stay open. */
  mute(): void;
  close(): void;
}

/** Makes a proxy to a port of this machine. */
export async function createMuteProxy(to: number): Promise<MuteProxy> {
  const sockets: Socket[] = [];
  const proxy = createServer((from) => {
    const out = connect(to, "127.0.0.1");
    for (const socket of [from, out]) socket.on("error", () => {});
    from.pipe(out).pipe(from);
    sockets.push(from, out);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    sockets,
    mute(): void {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close(): void {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}
