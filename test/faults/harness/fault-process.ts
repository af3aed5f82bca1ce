import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ArmMessage } from "../crash-points.ts";
import type { FaultProgram } from "./program.ts";
import { waitUntil } from "./wait.ts";

/** How long after its death a process is started again; milliseconds. */
const RESTART_MS = 100;

/** The output lines that are shown if a process ended by itself. */
const SHOWN_LINES = 10;
/** The output lines that are kept for the message of a failed test. */
const KEPT_LINES = 200;

/** A real process of a fault app. It is started again whenever it ends, as by a supervisor. */
export class FaultProcess {
  readonly name: string;
  /** The signals and exit codes with which the process ended. */
  readonly deaths: (NodeJS.Signals | number)[] = [];
  /** The log lines of the process, over all its restarts. */
  readonly logged: Record<string, unknown>[] = [];
  readonly #env: Readonly<Record<string, string>>;
  #program: FaultProgram;
  readonly #last: string[] = [];
  #child: ChildProcess | undefined = undefined;
  #ended: Promise<void> = Promise.resolve();
  #isReady = false;
  #isKept = true;

  private constructor(name: string, program: FaultProgram, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.#program = program;
    this.#env = env;
  }

  /** Starts the process, and does not wait until it is ready. */
  static start(name: string, program: FaultProgram, env: Readonly<Record<string, string>>): FaultProcess {
    const started = new FaultProcess(name, program, env);
    started.#spawn();
    return started;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The end of the process's output, for the message of a failed test. */
  get output(): string {
    return this.#last.join("\n");
  }

  /** The state that the system reports: R runs, S sleeps, T is stopped. */
  get state(): string {
    try {
      return readFileSync(`/proc/${this.#child?.pid}/stat`, "utf8").split(" ")[2] ?? "";
    } catch {
      return "gone";
    }
  }

  async ready(): Promise<void> {
    await waitUntil(`${this.name} is ready`, () => this.#isReady || this.output.slice(-2_000));
  }

  /** Sends SIGKILL. Returns whether the process was running. */
  kill(): boolean {
    return this.#child?.kill("SIGKILL") === true;
  }

  /** Sends SIGSTOP, after which the process lives but does nothing. */
  pause(): boolean {
    return this.#child?.kill("SIGSTOP") === true;
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Lets handlers wait at a point. When `count` handlers wait there, the process dies. */
  async arm(point: string, count: number): Promise<void> {
    await this.ready();
    const child = this.#child as ChildProcess;
    const heard = new Promise((resolve) => child.once("message", resolve));
    child.send({ kind: "arm", point, count } satisfies ArmMessage);
    await heard;
  }

  /**
   * Replaces the program, as a rolling update does: stops the process, and starts the other program without waiting until it is ready. Returns how
   * the process ended.
   */
  async become(program: FaultProgram): Promise<NodeJS.Signals | number | undefined> {
    await this.ready();
    const deaths = this.deaths.length;
    this.#program = program;
    this.#child?.kill("SIGTERM");
    await this.died(deaths + 1);
    return this.deaths[deaths];
  }

  /** Stops the process, which is not started again before {@link FaultProcess.comeBack}. Returns how it ended. */
  async leave(): Promise<NodeJS.Signals | number | undefined> {
    const ended = new Promise<NodeJS.Signals | number | undefined>((resolve) => {
      this.#child?.once("exit", (code, signal) => resolve(signal ?? code ?? undefined));
    });
    this.#isKept = false;
    this.#child?.kill("SIGTERM");
    return ended;
  }

  /** Starts the process after {@link FaultProcess.leave}, and does not wait until it is ready. */
  comeBack(): void {
    this.#isKept = true;
    this.#spawn();
  }

  /** Resolves when the process has died at least `times` times. */
  async died(times: number): Promise<void> {
    await waitUntil(`${this.name} died`, () => this.deaths.length >= times);
  }

  /** Ends the process for good. */
  async close(): Promise<void> {
    this.#isKept = false;
    this.kill();
    await this.#ended;
  }

  #spawn(): void {
    const { PATH = "", HOME = "" } = process.env;
    const { folder, env } = this.#program;
    const child = spawn(process.execPath, [path.join(folder, "main.mjs"), "start"], {
      cwd: folder,
      env: { PATH, HOME, ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) this.#listen(stream);
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#isReady = false;
        if (this.#isKept) {
          this.deaths.push(signal ?? code ?? 0);
          if (code !== null && code !== 0)
            console.log(`fault test: ${this.name} ended by itself with ${code}:\n${this.#last.slice(-SHOWN_LINES).join("\n")}`);
          setTimeout(() => this.#isKept && this.#spawn(), RESTART_MS);
        }
        resolve();
      });
    });
  }

  #listen(stream: NodeJS.ReadableStream | null): void {
    let rest = "";
    stream?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#note(line);
    });
  }

  #note(line: string): void {
    this.#last.push(line);
    if (this.#last.length > KEPT_LINES) this.#last.shift();
    if (line.endsWith(" is ready")) this.#isReady = true;
    if (!line.startsWith("{")) return;
    try {
      this.logged.push(JSON.parse(line) as Record<string, unknown>);
    } catch {
      // The line was cut off when the process died.
    }
  }
}
