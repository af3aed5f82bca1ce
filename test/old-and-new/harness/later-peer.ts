import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** The number of the frames that only a later version knows. */
export const LATER_KIND = 77;

const FRAME = Buffer.from(`[${LATER_KIND},1,{"of":["tomorrow"]}],\n`);
const FRAME_END = ",\n";
const HELLO = /\[11,(\{.*\})\],\n/;

/**
 * Starts a proxy in front of a mesh port. The proxy makes each end look to the other like a process of a later version. Returns the proxy's port.
 */
export async function laterPeerBefore(port: number): Promise<number> {
  const server = createServer((caller) => {
    const callee = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      const say = laterWords();
      from.on("data", (chunk) => to.write(say(chunk)));
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    }
  }).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Changes the bytes of one end: adds members and features to its greeting, and frames of an unknown kind after the greeting. */
function laterWords(): (chunk: Buffer) => Buffer {
  let head: Buffer | undefined = Buffer.alloc(0);
  return (chunk) => {
    if (head === undefined) return chunk.subarray(-FRAME_END.length).toString() === FRAME_END ? Buffer.concat([chunk, FRAME]) : chunk;
    const text = Buffer.concat([head, chunk]).toString("latin1");
    const greeting = HELLO.exec(text);
    // The handshake passes unchanged; the beginning of a greeting is kept until the greeting is complete.
    const from = greeting?.index ?? (text.includes("[11,") ? text.indexOf("[11,") : text.length);
    const passed = Buffer.from(text.slice(0, from), "latin1");
    head = Buffer.from(text.slice(from), "latin1");
    if (greeting === null) return passed;
    const hello = { ...(JSON.parse(greeting[1] as string) as object), features: ["later"], mood: { of: "tomorrow" } };
    const rest = text.slice(from + greeting[0].length);
    head = undefined;
    return Buffer.concat([passed, Buffer.from(`[11,${JSON.stringify(hello)}]${FRAME_END}`), FRAME, Buffer.from(rest, "latin1")]);
  };
}
