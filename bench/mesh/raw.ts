import { connect, createServer, type Socket } from "node:net";
import type { Contender, ContenderClient } from "./contender.ts";
import { findProduct, GetInput } from "./domain.ts";

/**
 * The practical lower limit: length-prefixed JSON on one socket, the frames of a tick joined, the input parsed with zod, and nothing else. A request is
 * `[id, path, input]`; an answer is `[id, 0, output]` or `[id, 1, error]`.
 */
export const raw: Contender = { startServer, createClient };

function createWriter(socket: Socket): (frame: Buffer) => void {
  let queue: Buffer[] = [];
  let size = 0;
  let scheduled = false;
  const flush = (): void => {
    scheduled = false;
    const out = Buffer.allocUnsafe(size);
    let offset = 0;
    for (const frame of queue) {
      out.writeUInt32LE(frame.length, offset);
      frame.copy(out, offset + 4);
      offset += 4 + frame.length;
    }
    queue = [];
    size = 0;
    socket.write(out);
  };
  return (frame) => {
    queue.push(frame);
    size += 4 + frame.length;
    if (scheduled) return;
    scheduled = true;
    process.nextTick(flush);
  };
}

function onFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer | undefined;
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let offset = 0;
    rest = undefined;
    while (bytes.length - offset >= 4) {
      const length = bytes.readUInt32LE(offset);
      if (bytes.length - offset - 4 < length) break;
      onFrame(bytes.subarray(offset + 4, offset + 4 + length));
      offset += 4 + length;
    }
    if (offset < bytes.length) rest = offset > 0 ? bytes.subarray(offset) : bytes;
  });
}

/** Serves products. */
export async function startServer(port: number): Promise<{ close(): Promise<void> }> {
  const handlers: Record<string, (input: unknown) => unknown> = { get: (input) => findProduct(GetInput.parse(input).id) };
  const server = createServer({ noDelay: true }, (socket) => {
    const write = createWriter(socket);
    socket.on("error", () => socket.destroy());
    onFrames(socket, (frame) => {
      const [id, path, input] = JSON.parse(frame.toString()) as [number, string, unknown];
      try {
        write(Buffer.from(JSON.stringify([id, 0, handlers[path]?.(input)])));
      } catch (error) {
        write(Buffer.from(JSON.stringify([id, 1, String(error)])));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Gets products. */
export async function createClient(port: number): Promise<ContenderClient> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const pending = new Map<number, { resolve: (value: { tags: string[] }) => void; reject: (error: unknown) => void }>();
  let last = 0;
  const write = createWriter(socket);
  onFrames(socket, (frame) => {
    const [id, failed, data] = JSON.parse(frame.toString()) as [number, number, { tags: string[] }];
    const call = pending.get(id);
    pending.delete(id);
    if (failed) call?.reject(data);
    else call?.resolve(data);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return {
    get: (productId) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        pending.set(id, { resolve, reject });
        write(Buffer.from(JSON.stringify([id, "get", { id: productId }])));
      }),
    close: async () => void socket.destroy(),
  };
}
