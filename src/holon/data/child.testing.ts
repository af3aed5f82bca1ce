import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** A second process, which a fault test starts. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** The first line of the process's output, parsed as JSON. */
  readonly said: Promise<Record<string, unknown>>;
  readonly ended: Promise<number | null>;
}

/** Starts a TypeScript program of this folder as a single process, so that `kill -9` ends all of it. */
export function startChild(program: string, args: readonly string[], options: { readonly uid?: number } = {}): Child {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const said = new Promise<Record<string, unknown>>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf("\n");
      if (end >= 0) resolve(JSON.parse(text.slice(0, end)) as Record<string, unknown>);
    });
    child.stdout.once("end", () => reject(new TypeError(`${program} ended without a word`)));
  });
  said.catch(() => {});
  return { process: child, pid: child.pid as number, said, ended };
}

/** Waits until the condition holds. The test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

/** Whether a program listens on a port of this machine. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** A promise with the functions that settle it. */
export interface Signal<Value = void> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

/** Makes a {@link Signal}, with which one part of a test waits for another. */
export function signal<Value = void>(): Signal<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
