import { describe, expect, it } from "vitest";
import { type Signal, signal } from "../../data/child.testing.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import type { ServerProcess } from "./server-process.ts";
import { SupervisedServer } from "./supervised-server.ts";

/** A process id that no process has: Linux assigns no ids above four million. */
const UNUSED_PID = 99_999_999;

interface Fake extends ServerProcess {
  readonly died: Signal<number | undefined>;
}

function fake(pid = UNUSED_PID): Fake {
  const died = signal<number | undefined>();
  return { port: 1, pid, died, process: { ended: died.promise, stop: () => died.resolve(0), unref: () => {} } };
}

function recorder(): { log: Logger; lines: string[]; saw(message: string): Promise<void> } {
  const lines: string[] = [];
  const awaited = new Map<string, Signal>();
  const error = (_fields: object, message: string) => {
    lines.push(message);
    awaited.get(message)?.resolve();
  };
  const saw = (message: string) => {
    const seen = signal();
    awaited.set(message, seen);
    return seen.promise;
  };
  return { log: { ...silentLogger, error }, lines, saw };
}

const DIED = "The embedded database died and is started again.";
const GIVEN_UP = "The embedded database died too often and is not started again.";

describe("a server that dies", () => {
  it("is started again five times within a minute, and then given up", async () => {
    const { log, lines, saw } = recorder();
    let starts = 0;
    const restart = async () => {
      starts++;
      const next = fake(UNUSED_PID + starts);
      next.died.resolve(137);
      return next;
    };
    const first = fake();
    const server = new SupervisedServer(first, restart, log);
    const givenUp = saw(GIVEN_UP);
    first.died.resolve(137);
    await givenUp;
    expect(lines).toEqual([...Array(6).fill(DIED), GIVEN_UP]);
    expect(starts).toBe(5);
    expect(server.pid).toBe(UNUSED_PID + 5);
    await server.stop();
  });

  it("is tried again if it does not start", async () => {
    const ready = signal();
    let starts = 0;
    const restart = async () => {
      if (++starts === 1) throw new TypeError("not yet");
      ready.resolve();
      return fake(UNUSED_PID + starts);
    };
    const first = fake();
    const server = new SupervisedServer(first, restart, silentLogger);
    first.died.resolve(1);
    await ready.promise;
    await server.stop();
    expect(server.pid).toBe(UNUSED_PID + 2);
  });

  it("is not started again after stop()", async () => {
    const { log, lines } = recorder();
    const server = new SupervisedServer(fake(), () => Promise.reject(new TypeError("never")), log);
    await server.stop();
    expect(lines).toEqual([]);
  });

  it("is stopped if it comes back after stop()", async () => {
    const begun = signal();
    const next = fake();
    const first = fake();
    const restart = (_port: number, stopping: AbortSignal) =>
      new Promise<ServerProcess>((resolve) => {
        stopping.addEventListener("abort", () => resolve(next));
        begun.resolve();
      });
    const server = new SupervisedServer(first, restart, silentLogger);
    first.died.resolve(137);
    await begun.promise;
    await server.stop();
    expect(await next.died.promise).toBe(0);
  });
});
