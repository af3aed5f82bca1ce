import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Another process that hosts `orders`, and emits on request. */
export interface EmittingChild {
  /** Emits an event. Resolves to the moment at which its commit returned in that process, in milliseconds since 1970. */
  note(n: number): Promise<number>;
  /** Lets the process close what it opened, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Starts an {@link EmittingChild}. Resolves when it is connected. */
export async function startEmittingChild(url: string, role: string | undefined): Promise<EmittingChild> {
  const file = fileURLToPath(new URL("watch-child.testing.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", file, url, ...(role === undefined ? [] : [role])], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async note(n) {
      child.stdin.write(`${n}\n`);
      const { value } = await lines.next();
      return (JSON.parse(value as string) as { readonly committedAtMs: number }).committedAtMs;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
