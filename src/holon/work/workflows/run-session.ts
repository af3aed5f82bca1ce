import { ParseFailure } from "../../contract/index.ts";
import { ChainBroken } from "../../data/index.ts";
import { catalogueError, isInstanceOf, isStorable, storableText } from "../../kernel/index.ts";
import { AwaitedEvents } from "./awaited-events.ts";
import { GREATEST_TEXT_LENGTH, type ReachedStep, Replay, STORABLE_TEXT } from "./replay.ts";
import type { StepKind, StepRecord } from "./run-claim.ts";
import { fromKept, toKept } from "./step-error.ts";
import { type StepOutcome, StepRunner, type StepRunnerParts } from "./step-runner.ts";
import type { AwaitedKey } from "./step-store.ts";
import { undoSteps } from "./undo-steps.ts";
import { badWait, isWait } from "./wait-bounds.ts";
import type { RawStepOptions, RawSteps, WorkflowBody } from "./workflow-body.ts";

/** How a run left this process. */
export type SessionEnd = "done" | "undone" | "stuck" | "asleep" | "lost";

/** What a session is made from. */
export interface SessionParts extends StepRunnerParts {
  readonly workflow: WorkflowBody;
  readonly records: readonly StepRecord[];
}

/** How the body came to rest. */
type Rest =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "halted" };

/** Does a step. Where it calls `goOn`, the body goes on with that while the step is committed. */
type Perform = (step: ReachedStep, goOn: (value: unknown) => void) => Promise<StepOutcome>;

/**
 * One run at work in this process, from its claim until it has ended or is put aside.
 *
 * The body is run from its start. Steps that are recorded answer at once, the others are done. A step that must wait for long never answers in
 * this session: when nothing else goes on, the run is put aside, and the body is left as it stands.
 *
 * The body goes on while a transaction of its is being committed, so that the next one travels with that commit. Where the commit fails, all that was
 * done ahead of it is rolled back with it, and the body is run again.
 */
export class RunSession {
  readonly #parts: SessionParts;
  readonly #replay: Replay;
  readonly #runner: StepRunner;
  readonly #events: AwaitedEvents;
  readonly #awaited: AwaitedKey[] = [];
  /** Steps that are not over, and those of them that the body waits for. */
  #busy = 0;
  #underWay = 0;
  /** How long a body that went astray is to wait; undefined where it did not. */
  #astrayMs: number | undefined = undefined;
  #whenIdle: (() => void)[] = [];
  #whenMoved: (() => void)[] = [];
  #waitMs: number | undefined = undefined;
  #isHalted = false;
  #sleepers = 0;
  #isLost = false;
  #isStopping = false;
  #failure: unknown = undefined;
  #lookingForEvents: Promise<unknown> = Promise.resolve();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#replay = new Replay(parts.records);
    this.#runner = new StepRunner(parts);
    this.#events = new AwaitedEvents(parts.runs, parts.steps);
  }

  /** Lets what runs come to its end, begins nothing more, and gives the run back. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Works until the run has ended or is put aside. Errors: the database's; the lease then ends by itself. */
  async work(): Promise<SessionEnd> {
    const { claim } = this.#parts;
    const rest = await this.#runBody();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isLost || this.#parts.attempts.isOver) return "lost";
    const mismatch = this.#replay.mismatch ?? (rest.kind === "halted" && !claim.isUndoing ? undefined : this.#replay.close());
    if (mismatch !== undefined) return this.#stick(`The body does not fit what is recorded: ${mismatch}.`);
    if (claim.isUndoing) return this.#undo();
    if (rest.kind === "halted") return this.#putAside();
    if (rest.kind === "threw") return this.#fail(rest.error);
    return this.#return(rest.value);
  }

  /** Runs the body until it has ended or cannot go on, and no step of it is under way. */
  async #runBody(): Promise<Rest> {
    const { claim, workflow, attempts } = this.#parts;
    const { id, key, version, initiator, input } = claim;
    const run = { id, key, version, initiator, traceId: attempts.traceId };
    const body = (async () => workflow.body({ input, step: this.#steps(), run }))();
    const ended = body.then(
      (value): Rest => ({ kind: "returned", value }),
      (error: unknown): Rest => ({ kind: "threw", error }),
    );
    const rest = await Promise.race([ended, this.#halted()]);
    this.#runner.isBodyOver = rest.kind !== "halted";
    await this.#idle();
    return this.#astrayMs !== undefined ? { kind: "halted" } : rest;
  }

  /** Resolves when the body can go no further in this session. */
  async #halted(): Promise<Rest> {
    for (;;) {
      await this.#idle();
      // What the last steps came to is seen by the body before it is judged.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#busy > 0) continue;
      if (this.#cannotGoOn()) return { kind: "halted" };
      await new Promise<void>((resolve) => this.#whenMoved.push(resolve));
    }
  }

  #cannotGoOn(): boolean {
    const { claim, attempts } = this.#parts;
    if (this.#isLost || attempts.isOver || this.#failure !== undefined || this.#replay.mismatch !== undefined) return true;
    return this.#isHalted || (claim.isUndoing && this.#replay.missing.length === 0);
  }

  #steps(): RawSteps {
    return {
      call: (name, run, options) => this.#take(this.#reach("call", name, options), (step) => this.#runner.try(step, run)),
      transaction: (name, run, options) => this.#take(this.#reach("transaction", name, options), (step, goOn) => this.#runner.try(step, run, goOn)),
      run: (name, run, options) => this.#take(this.#reach("run", name, options), (step) => this.#runner.try(step, run)),
      sleep: async (name, ms) => {
        await this.#take(this.#reach("sleep", name), (step) => this.#sleep(step, ms));
      },
      // Read at once: what reading the options throws is the body's.
      waitFor: (name, { event, key, timeoutMs }) => this.#take(this.#reach("wait", name), (step) => this.#waitFor(step, { event, key, timeoutMs })),
    };
  }

  #reach(kind: StepKind, name: string, options?: RawStepOptions): ReachedStep | undefined {
    return this.#replay.reach(kind, name, this.#underWay > 0, options);
  }

  /** Answers a step from its record, or does it. What does not answer leaves the body where it is. */
  #take(step: ReachedStep | undefined, perform: Perform): Promise<unknown> {
    const answer = this.#recorded(step?.record) ?? this.#perform(step, perform);
    // A body that does not look at a step must not end the process by that.
    answer.catch(() => {});
    this.#tellMoved();
    return answer;
  }

  /** What is recorded of a step; undefined where it has no end. */
  #recorded(record: StepRecord | undefined): Promise<unknown> | undefined {
    if (record === undefined || record.state === "started") return undefined;
    if (record.error !== undefined) return Promise.reject(fromKept(record.error));
    return record.state === "undone" && record.inDoubt ? undefined : Promise.resolve(record.result);
  }

  #perform(step: ReachedStep | undefined, perform: Perform): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // A branch of the body that goes on after it has failed must do nothing more.
      if (step === undefined || this.#parts.claim.isUndoing || this.#isLost || this.#runner.isBodyOver) return this.#halt(undefined);
      if (this.#isStopping || this.#astrayMs !== undefined) return this.#halt(0);
      this.#busy++;
      this.#underWay++;
      let isAhead = false;
      const goOn = (value: unknown): void => {
        isAhead = true;
        this.#underWay--;
        resolve(value);
      };
      this.#whenItMay(step, perform, goOn)
        .then((outcome) => {
          if (outcome.kind === "lost") this.#isLost = true;
          else if (isAhead && outcome.kind !== "done") this.#goneAstray(outcome.kind === "halted" ? outcome.waitMs : 0);
          else if (outcome.kind === "done") resolve(outcome.value);
          else if (outcome.kind === "failed") reject(outcome.error);
          else this.#halt(outcome.waitMs);
        })
        .catch((error: unknown) => {
          if (isInstanceOf(error, ChainBroken)) this.#goneAstray(0);
          else this.#failure ??= error;
        })
        .finally(() => {
          this.#busy--;
          if (!isAhead) this.#underWay--;
          if (this.#busy === 0) for (const tell of this.#whenIdle.splice(0)) tell();
          this.#tellMoved();
        });
    });
  }

  /** Transactions follow each other without waiting for their commits; what acts elsewhere waits until all before it is certain. */
  #whenItMay(step: ReachedStep, perform: Perform, goOn: (value: unknown) => void): Promise<StepOutcome> {
    return step.kind === "transaction" ? perform(step, goOn) : this.#runner.settled.then(() => perform(step, goOn));
  }

  /** The body went on with a result that was not committed: it is left where it is, and run again from the records, after the longest of these waits. */
  #goneAstray(waitMs: number): void {
    this.#astrayMs = Math.max(this.#astrayMs ?? 0, waitMs);
    this.#halt(undefined);
  }

  #tellMoved(): void {
    for (const tell of this.#whenMoved.splice(0)) tell();
  }

  #halt(waitMs: number | undefined): void {
    this.#isHalted = true;
    if (waitMs !== undefined) this.#waitMs = Math.min(this.#waitMs ?? Number.POSITIVE_INFINITY, waitMs);
    this.#tellMoved();
  }

  #idle(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async #sleep(step: ReachedStep, ms: number): Promise<StepOutcome> {
    const { claim, steps } = this.#parts;
    if (!isWait(ms)) return this.#cannotWait(step, badWait(step.name, ms));
    const leftMs = step.record?.leftMs ?? ms;
    if (leftMs > 0) {
      if (step.record === undefined) await steps.waits(claim, step, ms, undefined);
      this.#sleepers++;
      return { kind: "halted", waitMs: leftMs };
    }
    await steps.writeDone(claim, step, 1, undefined);
    return { kind: "done", value: undefined };
  }

  async #waitFor(step: ReachedStep, { event, key, timeoutMs }: Parameters<RawSteps["waitFor"]>[1]): Promise<StepOutcome> {
    const { claim, steps, host } = this.#parts;
    const name = typeof event === "string" ? host.eventName(event) : undefined;
    if (name === undefined) {
      const named = storableText(event, GREATEST_TEXT_LENGTH);
      return this.#cannotWait(step, catalogueError("INTERNAL", `"${named}" is no event that the workflow ${claim.workflow} waits for.`));
    }
    if (!isStorable(key, GREATEST_TEXT_LENGTH))
      return this.#cannotWait(step, catalogueError("BAD_REQUEST", `The step ${step.name} waits for a key that no event has. ${STORABLE_TEXT}`));
    if (!isWait(timeoutMs)) return this.#cannotWait(step, badWait(step.name, timeoutMs));
    const awaited = { event: name, key };
    // One after the other: two steps that wait for the same must not take the same event.
    const looking = this.#lookingForEvents.then(() => this.#events.take(claim, step, awaited));
    this.#lookingForEvents = looking.catch(() => {});
    const found = await looking;
    if (found !== undefined) return { kind: "done", value: found.payload };
    const leftMs = step.record?.leftMs ?? timeoutMs;
    if (leftMs <= 0) {
      await steps.writeDone(claim, step, 1, undefined);
      return { kind: "done", value: undefined };
    }
    if (step.record === undefined) await steps.waits(claim, step, timeoutMs, awaited);
    this.#awaited.push(awaited);
    this.#sleepers++;
    return { kind: "halted", waitMs: leftMs };
  }

  /** Recorded like every failure of a step: a body may catch it and go on, and is replayed the same way. */
  async #cannotWait(step: ReachedStep, error: Error): Promise<StepOutcome> {
    const { claim, steps } = this.#parts;
    await steps.failed(claim, step, 1, toKept(error), false);
    return { kind: "failed", error };
  }

  async #putAside(): Promise<SessionEnd> {
    const { claim, attempts } = this.#parts;
    const waitMs = this.#astrayMs ?? this.#waitMs ?? 0;
    attempts.log.debug({ waitMs }, "a run is put aside");
    return (await this.#events.sleep(claim, this.#awaited, waitMs, this.#sleepers > 0 ? "sleeping" : "waiting")) ? "asleep" : "lost";
  }

  async #return(value: unknown): Promise<SessionEnd> {
    const { claim, runs, workflow, attempts } = this.#parts;
    let output: unknown;
    try {
      output = workflow.parseOutput(value);
    } catch (error) {
      // A check of the schema, a getter or a proxy of the answer throws, and would at each replay.
      return this.#fail(error);
    }
    if (output instanceof ParseFailure) {
      const issues = output.issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
      return this.#fail(catalogueError("INTERNAL", `The body answered what the workflow does not declare: ${issues}`));
    }
    if (!(await runs.done(claim, output))) return "lost";
    attempts.log.info({}, "a run is done");
    return "done";
  }

  async #fail(error: unknown): Promise<SessionEnd> {
    const { claim, runs, attempts } = this.#parts;
    if (!(await runs.failed(claim, toKept(error)))) return "lost";
    attempts.log.warn({ err: error }, "a run failed and is undone");
    return this.#undo();
  }

  async #undo(): Promise<SessionEnd> {
    const { claim, runs, steps, attempts } = this.#parts;
    // Those that were done in this session are recorded by now.
    const records = await steps.load([claim.id]);
    const outcome = await undoSteps(this.#parts, this.#replay.reached, records, () => this.#isStopping);
    if (outcome.kind === "lost") return "lost";
    if (outcome.kind === "stuck") return this.#stick(outcome.reason);
    if (outcome.kind === "halted") return (await runs.giveBack(claim, outcome.waitMs)) ? "asleep" : "lost";
    if (!(await runs.undone(claim))) return "lost";
    attempts.log.warn({}, "a run is undone");
    return "undone";
  }

  async #stick(reason: string): Promise<SessionEnd> {
    const { claim, runs, attempts } = this.#parts;
    if (!(await runs.stuck(claim, reason))) return "lost";
    attempts.log.error({ reason }, "a run is stuck: it waits for somebody to resume it");
    return "stuck";
  }
}
