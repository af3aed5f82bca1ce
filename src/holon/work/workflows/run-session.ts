import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { ParseFailure } from "../../contract/index.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { TimerEntry, type Timers } from "../../kernel/timers.ts";
import { AwaitedEvents } from "./awaited-events.ts";
import { SessionSteps, type SessionStepsDeps } from "./session-steps.ts";
import { toKept } from "./step-error.ts";
import { undoSteps } from "./undo-steps.ts";
import type { WorkflowBody } from "./workflow-body.ts";

/** How a session ended. */
type SessionEnd = "done" | "undone" | "stuck" | "asleep" | "lost";

interface RunSessionDeps extends SessionStepsDeps {
  readonly workflow: WorkflowBody;
}

/** How the body came to rest. `halted`: it can go no further in this session. */
type Rest =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "halted" };

/**
 * One run in this process, from its claim until it has ended, sleeps, or is given back.
 *
 *     at work --body returned--> ending --> done, or undoing if its answer does not fit
 *     at work --body threw--> ending --> undoing --> undone
 *     at work --all open steps must wait, stop, speculation failed--> asleep
 *     at work --body does not fit its records--> stuck
 *     undoing --undo fails for good--> stuck
 *     undoing --undo must wait, stop--> asleep
 *     any --lease lost--> lost
 *
 * I1. The body is run from its start, and gets the recorded answers in the order in which it got them before (AnswerOrder). A body cannot be ended from
 *     outside: if it can go no further, it is left as it is, and what it does later is ignored.
 * I2. A session ends only when none of its steps is under way, so that none of its effects comes after its end.
 * I3. Everything is written under the fence of the claim: a session that lost its run writes nothing more.
 * I4. The body goes on while one of its transactions is being committed, so that the next one is sent together with that commit. If the commit fails, all that
 *     was done ahead of it is rolled back with it (speculation failed), and the body is run again from the records.
 * I5. A body that waits for a promise that is not a step ends neither its session nor its run. The run is named in the log. A stop or a lost lease ends the
 *     session.
 */
export class RunSession {
  readonly #deps: RunSessionDeps;
  readonly #events: AwaitedEvents;
  readonly #steps: SessionSteps;
  readonly #watch: BodyWatch;
  #isStopping = false;

  constructor(deps: RunSessionDeps) {
    const { clock, timers, timing } = deps;
    this.#deps = deps;
    this.#events = new AwaitedEvents(deps.runs);
    this.#steps = new SessionSteps(deps, this.#events);
    const times = { firstMs: timing.bodyPatienceMs, againMs: timing.bodyReminderMs };
    this.#watch = new BodyWatch({ clock, timers, ...times, onLong: (forMs) => this.#sayHanging(forMs) });
  }

  /** The run, if its body has waited for long for a promise that is not a step. */
  get hanging(): HangingRun | undefined {
    const { id, workflow, version } = this.#deps.claim;
    const forMs = this.#watch.longMs;
    return forMs === undefined ? undefined : { id, workflow: `${workflow}@${version}`, lastStep: this.#steps.replay.lastReached, forMs };
  }

  /** Begins nothing more, lets steps under way end, and gives the run back. */
  stop(): void {
    this.#isStopping = true;
    this.#steps.turn({ kind: "stopping" });
  }

  /** Cancels steps under way: another process has the run now, or they did not end in time. */
  abort(): void {
    this.#deps.attempts.abort();
    this.#steps.turn({ kind: "lost" });
  }

  /** While steps are under way, looks for the events that the body waits for. */
  look(): void {
    if (this.#steps.waits.awaited.length > 0) this.#steps.look();
  }

  /** Works until the run has ended, sleeps, or is given back. Errors: those of the database; the run is then still held. */
  async work(): Promise<SessionEnd> {
    try {
      return await this.#work();
    } finally {
      this.#steps.waits.close();
    }
  }

  async #work(): Promise<SessionEnd> {
    const { claim, runs, attempts } = this.#deps;
    const rest = await this.#runBody();
    const { course, replay } = this.#steps;
    if (course.kind === "failed") throw course.error;
    if (course.kind === "lost" || attempts.isOver) return "lost";
    if (claim.isUndoing && rest.kind === "halted" && this.#isStopping) return (await runs.giveBack(claim, 0)) ? "asleep" : "lost";
    const mismatch = replay.mismatch ?? (rest.kind === "halted" && !claim.isUndoing ? undefined : replay.close());
    if (mismatch !== undefined) return this.#markStuck(`The body does not fit what is recorded: ${mismatch}.`);
    if (claim.isUndoing) return this.#undo();
    if (rest.kind === "halted") return this.#park();
    if (rest.kind === "threw") return this.#fail(rest.error);
    return this.#return(rest.value);
  }

  /** Runs the body until it has ended or cannot go on, and none of its steps is under way (I2). */
  async #runBody(): Promise<Rest> {
    const { claim, workflow, attempts } = this.#deps;
    const { id, key, version, initiator, input } = claim;
    const run = { id, key, version, initiator, traceId: attempts.traceId };
    const body = (async () => workflow.body({ input, step: this.#steps.toRaw(), run }))();
    const ended = body.then(
      (value): Rest => ({ kind: "returned", value }),
      (error: unknown): Rest => ({ kind: "threw", error }),
    );
    const rest = await Promise.race([ended, this.#halted()]);
    this.#steps.turn({ kind: "over" });
    await this.#steps.atRest();
    return this.#steps.course.kind === "speculationFailed" ? { kind: "halted" } : rest;
  }

  /** Resolves when the body can go no further in this session. */
  async #halted(): Promise<Rest> {
    for (;;) {
      await this.#steps.atRest();
      // In these turns of the event loop, the body gets the answers of its last steps before it is judged.
      await turnOfTheLoop();
      await turnOfTheLoop();
      if (!this.#steps.isAtRest) continue;
      if (this.#cannotGoOn()) return { kind: "halted" };
      // I5.
      this.#watch.begin();
      await this.#steps.moved();
      this.#watch.end();
    }
  }

  #cannotGoOn(): boolean {
    const { course, replay, isHeldUp } = this.#steps;
    if (course.kind !== "going" || this.#deps.attempts.isOver || replay.mismatch !== undefined) return true;
    return isHeldUp || (this.#deps.claim.isUndoing && replay.missing.length === 0);
  }

  #sayHanging(forMs: number): void {
    const { replay, nextRecorded } = this.#steps;
    const { log } = this.#deps.attempts;
    const said = { version: this.#deps.claim.version, step: replay.lastReached, forMs: Math.round(forMs) };
    log.warn(
      said,
      "the body of a run waits for a promise that is not a step; until the body goes on, the run takes one of the places for runs in this process",
    );
    if (nextRecorded === undefined) return;
    this.#steps.refuse(`the body did not come to the recorded step ${nextRecorded}, whose answer comes next`);
  }

  async #park(): Promise<SessionEnd> {
    const { claim, attempts } = this.#deps;
    const { course, waits } = this.#steps;
    const waitMs = course.kind === "speculationFailed" ? course.waitMs : this.#isStopping ? 0 : waits.leftMs;
    attempts.log.debug({ waitMs }, "a run is put to sleep until a step is due");
    return (await this.#events.sleep(claim, waits.awaited, waitMs, waits.hasSleep ? "sleeping" : "waiting")) ? "asleep" : "lost";
  }

  async #return(value: unknown): Promise<SessionEnd> {
    const { claim, runs, workflow, attempts } = this.#deps;
    let output: unknown;
    try {
      output = workflow.parseOutput(value);
      if (!(output instanceof ParseFailure)) JSON.stringify(output);
    } catch (error) {
      // A check of the schema, a getter, a proxy or a BigInt in the answer threw. The same would happen at each replay, so the run fails.
      return this.#fail(error);
    }
    if (output instanceof ParseFailure) {
      const issues = output.issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
      return this.#fail(catalogueError("INTERNAL", `The body returned a value that does not fit the declared output: ${issues}`));
    }
    if (!(await runs.done(claim, output))) return "lost";
    attempts.log.info({}, "a run is done");
    return "done";
  }

  async #fail(error: unknown): Promise<SessionEnd> {
    const { claim, runs, attempts } = this.#deps;
    if (!(await runs.failed(claim, toKept(error)))) return "lost";
    attempts.log.warn({ err: error }, "a run failed and is undone");
    return this.#undo();
  }

  async #undo(): Promise<SessionEnd> {
    const { claim, runs, steps, attempts } = this.#deps;
    // The steps that were done in this session are recorded by now.
    const records = await steps.load([claim.id]);
    const outcome = await undoSteps(this.#deps, this.#steps.replay.reached, records, () => this.#isStopping);
    if (outcome.kind === "lost") return "lost";
    if (outcome.kind === "stuck") return this.#markStuck(outcome.reason);
    if (outcome.kind === "halted") return (await runs.giveBack(claim, outcome.waitMs)) ? "asleep" : "lost";
    if (!(await runs.undone(claim))) return "lost";
    attempts.log.warn({}, "a run is undone");
    return "undone";
  }

  async #markStuck(reason: string): Promise<SessionEnd> {
    const { claim, runs, attempts } = this.#deps;
    if (!(await runs.stuck(claim, reason))) return "lost";
    attempts.log.error({ reason }, "a run is stuck until an operator resumes it");
    return "stuck";
  }
}

/** A run whose body waits for a promise that is not a step, and may never go on. */
export interface HangingRun {
  readonly id: string;
  /** As `<name>@<version>`. */
  readonly workflow: string;
  /** The last step that the body reached; undefined if it reached none. */
  readonly lastStep: string | undefined;
  /** How long the body has waited. */
  readonly forMs: number;
}

interface BodyWatchDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long a body may wait for a promise that is not a step before that is logged. */
  readonly firstMs: number;
  /** Time between two such log lines. */
  readonly againMs: number;
  readonly onLong: (forMs: number) => void;
}

/**
 * Watches a body that waits for a promise that is not a step. Such a run shows no progress, and keeps its place in the process.
 *
 *     off --begin--> waiting --firstMs--> long, logged --againMs--> logged again
 *     waiting, long --end--> off
 */
class BodyWatch extends TimerEntry {
  readonly #deps: BodyWatchDeps;
  #sinceMs: number | undefined = undefined;
  #isLong = false;

  constructor(deps: BodyWatchDeps) {
    super();
    this.#deps = deps;
  }

  /** How long the body has waited; undefined until that is longer than `firstMs`. */
  get longMs(): number | undefined {
    return this.#isLong && this.#sinceMs !== undefined ? this.#deps.clock.monotonicMs() - this.#sinceMs : undefined;
  }

  begin(): void {
    const { clock, timers, firstMs } = this.#deps;
    this.#sinceMs = clock.monotonicMs();
    timers.add(this, this.#sinceMs + firstMs);
  }

  end(): void {
    this.#sinceMs = undefined;
    this.#isLong = false;
    this.#deps.timers.remove(this);
  }

  override expire(): void {
    const { clock, timers, againMs, onLong } = this.#deps;
    this.#isLong = true;
    timers.add(this, clock.monotonicMs() + againMs);
    onLong(this.longMs ?? 0);
  }
}
