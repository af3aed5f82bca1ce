import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ArmMessage } from "../crash-points.ts";
import type { FaultProgram } from "./program.ts";
import { waitUntil } from "./wait.ts";

/** How long after its death a process is started again. */
const RESTART_MS = 100;

/** Lines of its output that are kept to be shown. */
/** Lines that are shown of a process that ended by itself. */
const SHOWN_LINES = 10;
const KEPT_LINES = 200;

/** A real process of a fault app, which is started again whenever it ends, as a supervisor would. */
export class FaultProcess {
  readonly name: string;
  /** Signals and exit codes with which it ended. */
  readonly deaths: (NodeJS.Signals | number)[] = [];
  /** What it logged, over all its lives. */
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

  /** Starts it; it need not be ready. */
  static start(name: string, program: FaultProgram, env: Readonly<Record<string, string>>): FaultProcess {
    const started = new FaultProcess(name, program, env);
    started.#spawn();
    return started;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The end of what it printed: for the message of a failed test. */
  get output(): string {
    return this.#last.join("\n");
  }

  /** What the system says of it: R runs, S waits, T is stopped. */
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

  /** `kill -9`. Returns whether there was a process to kill. */
  kill(): boolean {
    return this.#child?.kill("SIGKILL") === true;
  }

  /** Stops it where it is (`kill -STOP`): it lives, and does nothing. */
  pause(): boolean {
    return this.#child?.kill("SIGSTOP") === true;
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Lets whoever comes to a point of a handler wait there, and the process die with the last of them. */
  async arm(point: string, count: number): Promise<void> {
    await this.ready();
    const child = this.#child as ChildProcess;
    const heard = new Promise((resolve) => child.once("message", resolve));
    child.send({ kind: "arm", point, count } satisfies ArmMessage);
    await heard;
  }

  /** Lets another program take its place, as a rolling update does: it is asked to stop, and the other one is started; that one need not be ready. Returns how it ended. */
  async become(program: FaultProgram): Promise<NodeJS.Signals | number | undefined> {
    await this.ready();
    const deaths = this.deaths.length;
    this.#program = program;
    this.#child?.kill("SIGTERM");
    await this.died(deaths + 1);
    return this.deaths[deaths];
  }

  /** Asks it to stop, and does not start it again until {@link FaultProcess.comeBack}. Returns how it ended. */
  async leave(): Promise<NodeJS.Signals | number | undefined> {
    const ended = new Promise<NodeJS.Signals | number | undefined>((resolve) => {
      this.#child?.once("exit", (code, signal) => resolve(signal ?? code ?? undefined));
    });
    this.#isKept = false;
    this.#child?.kill("SIGTERM");
    return ended;
  }

  /** Starts it after it has left; it need not be ready. */
  comeBack(): void {
    this.#isKept = true;
    this.#spawn();
  }

  /** Resolves when it has died once more often than now, or has before that. */
  async died(times: number): Promise<void> {
    await waitUntil(`${this.name} died`, () => this.deaths.length >= times);
  }

  /** Ends it for good. */
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
      // A line that its death cut off.
    }
  }
}
