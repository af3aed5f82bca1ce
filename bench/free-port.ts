import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * A port that is free together with the next one, because Moleculer's clients listen too. It is outside of the range of ports that the system gives to
 * outgoing connections and to servers on port 0, so it stays free until a server listens on it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(randomInt(20_000, 32_000));
    if (port !== undefined && (await listenOnce(port + 1)) !== undefined) return port;
  }
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(undefined));
    probe.listen(port, "127.0.0.1", () => {
      const { port: taken } = probe.address() as { port: number };
      probe.close(() => resolve(taken));
    });
  });
}
