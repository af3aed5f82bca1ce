import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The direction of a connection that is held back: `answers` are bytes that the server sends, `questions` are bytes that the client sends. */
type Silenced = "answers" | "questions" | "both";

/** What happens to silent connections when the proxy forwards again. */
export type SilentOnes = "go on" | "stay silent" | "are cut";

/** A proxy before a server (Postgres, Redis), which imitates a network that can go silent: connections stay open, and nothing passes. */
export interface SilentProxy {
  /** The address of the server through this proxy. */
  readonly url: string;
  readonly port: number;
  /** How many connections the proxy accepted while it was silent. */
  readonly acceptedCount: number;
  /** How many bytes the proxy has held back since it went silent, in both directions. */
  readonly heldBytes: number;
  /**
   * From now on nothing passes in the direction `what` (default: both), on open connections and on new ones, which are still accepted. If one side ends a
   * connection, the proxy does not notify the other side.
   */
  silence(what?: Silenced): void;
  /** A connection that sends this text goes silent. The text itself is held back too, unless only answers are held back. Other connections work as before. */
  silenceAt(question: string | undefined, what?: Silenced): void;
  /** New connections work again. Silent connections get what was held back, or stay silent for ever, or are cut. */
  speak(silentOnes?: SilentOnes): void;
  close(): void;
}

/** One connection through the proxy. */
interface Line {
  readonly client: Socket;
  readonly server: Socket;
  held: { readonly to: Socket; readonly bytes: Buffer | undefined }[];
  isSilent: boolean;
}

/** Opens a {@link SilentProxy} before the server of a URL. Units: `delayMs` is the delay of each answer, 0 by default. */
export async function openSilentProxy(url: string, { delayMs = 0 }: { readonly delayMs?: number } = {}): Promise<SilentProxy> {
  const target = new URL(url);
  const lines = new Set<Line>();
  let silenced: Silenced | undefined;
  let deadlyQuestion: string | undefined;
  let deadlySilence: Silenced = "both";
  let acceptedCount = 0;
  let heldBytes = 0;

  const pass = (line: Line, to: Socket, bytes: Buffer | undefined): void => {
    if (deadlyQuestion !== undefined && to === line.server && bytes?.includes(deadlyQuestion) === true) line.isSilent = true;
    const what = silenced ?? deadlySilence;
    const isHeld = what === "both" || what === (to === line.client ? "answers" : "questions");
    // If the end of one side passed, the other side would notice that the connection is broken.
    if (line.isSilent && (isHeld || bytes === undefined)) {
      heldBytes += bytes?.length ?? 0;
      line.held.push({ to, bytes });
    } else if (bytes === undefined) to.destroy();
    else to.write(bytes);
  };

  // With a broken network, the end of one side of a connection does not end the other side.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const line: Line = { client, server: connect(Number(target.port), target.hostname), held: [], isSilent: silenced !== undefined };
    lines.add(line);
    if (line.isSilent) acceptedCount++;
    for (const socket of [client, line.server]) socket.on("error", () => {});
    client.on("data", (bytes: Buffer) => pass(line, line.server, bytes));
    for (const event of ["end", "close"]) client.on(event, () => pass(line, line.server, undefined));
    const answered = (bytes: Buffer | undefined) => (delayMs === 0 ? pass(line, client, bytes) : setTimeout(pass, delayMs, line, client, bytes));
    line.server.on("data", answered);
    line.server.on("close", () => answered(undefined));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const near = new URL(url);
  near.port = String(port);
  const cut = ({ client, server: upstream }: Line): void => {
    client.destroy();
    upstream.destroy();
  };
  return {
    url: near.href,
    port,
    get acceptedCount() {
      return acceptedCount;
    },
    get heldBytes() {
      return heldBytes;
    },
    silenceAt(question, what = "both") {
      deadlyQuestion = question;
      deadlySilence = what;
    },
    silence(what = "both") {
      silenced = what;
      acceptedCount = 0;
      heldBytes = 0;
      for (const line of lines) line.isSilent = true;
    },
    speak(silentOnes = "go on") {
      silenced = undefined;
      for (const line of lines) {
        if (!line.isSilent || silentOnes === "stay silent") continue;
        line.isSilent = false;
        const held = line.held.splice(0);
        if (silentOnes === "are cut") cut(line);
        else for (const { to, bytes } of held) pass(line, to, bytes);
      }
    },
    close() {
      server.close();
      for (const line of lines) cut(line);
    },
  };
}
