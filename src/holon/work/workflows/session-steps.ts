import { PredecessorFailed } from "../../data/transaction/commit-pipeline.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { isInstanceOf, isStorable, storableText } from "../../kernel/thrown.ts";
import type { Timers } from "../../kernel/timers.ts";
import { AnswerOrder, type AnswerPlace } from "./answer-order.ts";
import type { AwaitedEvents } from "./awaited-events.ts";
import { GREATEST_TEXT_LENGTH, type ReachedStep, Replay, STORABLE_TEXT } from "./replay.ts";
import { isAnswered, type StepKind, type StepRecord } from "./run-claim.ts";
import { RunWaits, waitFault } from "./run-waits.ts";
import { fromKept, toKept } from "./step-error.ts";
import { type StepDeps, type StepOutcome, StepRunner } from "./step-runner.ts";
import type { RawStepOptions, RawSteps } from "./workflow-body.ts";

export interface SessionStepsDeps extends StepDeps {
  readonly records: readonly StepRecord[];
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Does a step. If it calls `goOn`, the body goes on with that value while the step is being committed. */
type Perform = (step: ReachedStep, goOn: (value: unknown, answer: AnswerPlace) => void) => Promise<StepOutcome>;

type LaterOutcome = Extract<StepOutcome, { readonly kind: "later" }>;

/** The state of a session's steps. */
type Course =
  | { readonly kind: "going" }
  /** The process stops. */
  | { readonly kind: "stopping" }
  /** The body has ended, or can go no further in this session. */
  | { readonly kind: "over" }
  /** The body went on with a result that was not committed. */
  | { readonly kind: "speculationFailed"; readonly waitMs: number }
  | { readonly kind: "lost" }
  | { readonly kind: "failed"; readonly error: unknown };

const COURSES = ["going", "stopping", "over", "speculationFailed", "lost", "failed"] as const;

/**
 * The steps that a body takes in one session. Each step is answered from its record, or it is done. The answers are delivered in order.
 *
 *     reached --recorded--> answered, in its turn
 *     reached --replay over--> under way --ended--> answered, in its turn
 *     under way --must wait--> waiting --due, or its event came--> under way
 *     reached --the session is not going any more--> never answered in this session
 *
 *     going --> stopping --> over --> speculationFailed --> lost --> failed: the course changes only in this direction, and may skip some
 *
 * I1. Steps begin only while the session is going. In any other course, a step under way comes to its end, or to the end of its attempt if another session goes
 *     on with it.
 * I2. Nothing begins before all recorded answers have been delivered: a body that does not fit its records is found out before it does anything new.
 * I3. A step with an effect outside of the database begins when each transaction before it has certainly committed. A transaction does not wait for that.
 */
export class SessionSteps {
  readonly replay: Replay;
  readonly waits: RunWaits;
  readonly #deps: SessionStepsDeps;
  readonly #runner: StepRunner;
  readonly #order: AnswerOrder;
  #course: Course = { kind: "going" };
  /** How many pieces of work are under way: steps whose end or next wait is not written yet, and looks for events and due steps. */
  #busyCount = 0;
  /** How many steps are under way whose answer the body has not got. */
  #openCount = 0;
  /** I2. Steps that begin when the replay is over. */
  #held: (() => void)[] = [];
  /** Whether the body reached a step that does not begin in this session. */
  #isBlocked = false;
  /** How many steps the body had reached when it got its last answer. */
  #reachedBefore = 0;
  #isLookDue = false;
  #whenMoved: (() => void)[] = [];
  #whenAtRest: (() => void)[] = [];

  constructor(deps: SessionStepsDeps, events: AwaitedEvents) {
    this.#deps = deps;
    this.replay = new Replay(deps.records);
    this.#order = new AnswerOrder(deps.records, (delivered) => this.#rested(delivered));
    this.#runner = new StepRunner(deps, this.#order);
    this.waits = new RunWaits({ ...deps, events, onDue: () => this.look() });
  }

  get course(): Course {
    return this.#course;
  }

  get isAtRest(): boolean {
    return this.#busyCount === 0 && !this.#order.isMoving;
  }

  /** Whether a step of the body goes on only after a while, or in another session. */
  get isHeldUp(): boolean {
    return this.#isBlocked || this.waits.size > 0;
  }

  /** The step whose answer comes next by the records, and which the body has not reached. */
  get nextRecorded(): string | undefined {
    return this.#order.nextRecorded;
  }

  /** Changes the course, unless a later one in the order of `COURSES` has been taken. */
  turn(course: Course): void {
    const rank = ({ kind }: Course): number => COURSES.indexOf(kind);
    if (course.kind === "speculationFailed" && this.#course.kind === "speculationFailed")
      this.#course = { kind: "speculationFailed", waitMs: Math.max(course.waitMs, this.#course.waitMs) };
    else if (rank(course) > rank(this.#course)) this.#course = course;
    const { kind } = this.#course;
    // A step that fails after the body has ended is not tried again, but undone.
    this.#runner.isBodyOver = kind === "over";
    // In the other courses the body has not ended: another session runs it again, and uses the attempts that are left.
    this.#runner.isSessionOver = kind !== "going" && kind !== "over";
    this.#move();
  }

  /** Notes that the body does not fit its records. */
  refuse(why: string): void {
    this.replay.refuse(why);
    this.#move();
  }

  /** Resolves when no step is under way, and the body has done all that it does with its answers. */
  atRest(): Promise<void> {
    return this.isAtRest ? Promise.resolve() : new Promise((resolve) => this.#whenAtRest.push(resolve));
  }

  /** Resolves the next time that something changes. */
  moved(): Promise<void> {
    return new Promise((resolve) => this.#whenMoved.push(resolve));
  }

  /** Looks for events that have arrived, and for steps that are due. */
  look(): void {
    if (this.#course.kind !== "going" || this.waits.size === 0 || !this.#order.isReplayed) return;
    void this.#track(this.waits.look());
  }

  /** `step` of the body. */
  toRaw(): RawSteps {
    return {
      call: (name, run, options) => this.#take(this.#reach("call", name, options), (step) => this.#runner.try(step, run)),
      transaction: (name, run, options) => this.#take(this.#reach("transaction", name, options), (step, goOn) => this.#runner.try(step, run, goOn)),
      run: (name, run, options) => this.#take(this.#reach("run", name, options), (step) => this.#runner.try(step, run)),
      sleep: async (name, ms) => {
        await this.#take(this.#reach("sleep", name), (step) => this.#sleep(step, ms));
      },
      // Options are read at once: if reading them throws, that is the body's error.
      waitFor: (name, { event, key, timeoutMs }) => this.#take(this.#reach("wait", name), (step) => this.#waitFor(step, { event, key, timeoutMs })),
    };
  }

  #reach(kind: StepKind, name: string, options?: RawStepOptions): ReachedStep | undefined {
    return this.replay.reach(kind, name, { isConcurrent: this.#openCount > 0, turn: this.#order.deliveredCount }, options);
  }

  /** Answers a step from its record, or does it. If the step is not answered, the body stays where it is. */
  #take(step: ReachedStep | undefined, perform: Perform): Promise<unknown> {
    const answer = new Promise<unknown>((resolve, reject) => {
      const record = step?.record;
      if (record !== undefined && isAnswered(record))
        this.#order.tellRecorded(
          record.name,
          this.#delivering(() => (record.error === undefined ? resolve(record.result) : reject(fromKept(record.error)))),
        );
      // The body of a run that is being undone does nothing new.
      else if (step === undefined || this.#deps.claim.isUndoing) this.#isBlocked = true;
      else if (this.#order.isReplayed) this.#begin(step, perform, resolve, reject);
      else this.#held.push(() => this.#begin(step, perform, resolve, reject));
    });
    // A body that ignores a step must not end the process with an unhandled rejection.
    answer.catch(() => {});
    this.#move();
    return answer;
  }

  #begin(step: ReachedStep, perform: Perform, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    // I1.
    if (this.#course.kind !== "going") {
      this.#isBlocked = true;
      return;
    }
    this.#openCount++;
    let isAhead = false;
    const tell = (answer: AnswerPlace, deliver: () => void): void =>
      this.#order.tell(
        answer,
        step.name,
        this.#delivering(() => {
          this.#openCount--;
          deliver();
        }),
      );
    const settle = (outcome: StepOutcome): void => {
      if (outcome.kind === "done" || outcome.kind === "failed") this.#deps.attempts.hasRecorded = true;
      if (outcome.kind === "lost" || outcome.kind === "speculationFailed") this.turn(outcome);
      else if (isAhead && outcome.kind !== "done") this.turn({ kind: "speculationFailed", waitMs: 0 });
      else if (isAhead) return;
      else if (outcome.kind === "done") tell(outcome.answer, () => resolve(outcome.value));
      else if (outcome.kind === "failed") tell(outcome.answer, () => reject(outcome.error));
      else if (outcome.kind === "later") this.#wait(step, outcome, settle);
    };
    const goOn = (value: unknown, answer: AnswerPlace): void => {
      isAhead = true;
      tell(answer, () => resolve(value));
    };
    // I3.
    const performed = step.kind === "transaction" ? perform(step, goOn) : this.#runner.settled.then(() => perform(step, goOn));
    void this.#track(performed.then(settle));
  }

  /** Keeps a step until it goes on. It goes on in this session, if the session is still at work then. */
  #wait(step: ReachedStep, { waitMs, awaited, resume }: LaterOutcome, settle: (outcome: StepOutcome) => void): void {
    this.#openCount--;
    this.waits.add({
      name: step.name,
      dueAtMs: this.#deps.clock.monotonicMs() + waitMs,
      isSleep: isWaiting(step),
      turn: step.turn,
      awaited,
      resume: (event) => {
        this.#openCount++;
        return this.#track(resume(event).then(settle));
      },
    });
    // Since the step was recorded, its event may have arrived, or its time may be over.
    if (step.record !== undefined && isWaiting(step) && !this.#isLookDue) this.#lookWhenAllWait();
  }

  /** After a replay, looks once for all waiting steps, so that they go on in the order of the moments at which they could. */
  #lookWhenAllWait(): void {
    this.#isLookDue = true;
    const soon = new Promise<void>((resolve) => setImmediate(resolve));
    void this.#track(
      soon.then(() => {
        this.#isLookDue = false;
        this.look();
      }),
    );
  }

  #delivering(deliver: () => void): () => void {
    return () => {
      this.#reachedBefore = this.replay.reachedCount;
      deliver();
    };
  }

  /** Counts work as under way until it is over. Never rejects: an error of the work changes the course of the session. */
  #track(work: Promise<void>): Promise<void> {
    this.#busyCount++;
    return work
      .catch((error: unknown) =>
        this.turn(isInstanceOf(error, PredecessorFailed) ? { kind: "speculationFailed", waitMs: 0 } : { kind: "failed", error }),
      )
      .finally(() => {
        this.#busyCount--;
        this.#move();
      });
  }

  /** Called when the body has come to rest after an answer. */
  #rested(delivered: string | undefined): void {
    const step = delivered === undefined ? undefined : this.replay.find(delivered);
    const hasMoved = this.replay.reachedCount > this.#reachedBefore;
    if (step?.kind === "wait" && !hasMoved && this.waits.passOn(step.name, step.turn)) this.look();
    if (this.#order.isReplayed && this.#held.length > 0) for (const begin of this.#held.splice(0)) begin();
    this.#move();
  }

  #move(): void {
    for (const tell of this.#whenMoved.splice(0)) tell();
    if (this.isAtRest) for (const tell of this.#whenAtRest.splice(0)) tell();
  }

  async #sleep(step: ReachedStep, ms: number): Promise<StepOutcome> {
    const { claim, steps } = this.#deps;
    const fault = waitFault(step.name, ms);
    if (fault !== undefined) return this.#cannotWait(step, fault);
    const leftMs = step.record?.leftMs ?? ms;
    if (step.record === undefined && leftMs > 0) await steps.waits(claim, step, ms, undefined);
    return leftMs > 0 || step.record !== undefined ? { kind: "later", waitMs: leftMs, resume: () => this.#end(step) } : this.#end(step);
  }

  async #waitFor(step: ReachedStep, { event, key, timeoutMs }: Parameters<RawSteps["waitFor"]>[1]): Promise<StepOutcome> {
    const { claim, steps, host } = this.#deps;
    const name = typeof event === "string" ? host.eventName(event) : undefined;
    if (name === undefined) {
      const named = storableText(event, GREATEST_TEXT_LENGTH);
      return this.#cannotWait(step, catalogueError("INTERNAL", `"${named}" is not an event that the workflow ${claim.workflow} waits for.`));
    }
    if (!isStorable(key, GREATEST_TEXT_LENGTH))
      return this.#cannotWait(step, catalogueError("BAD_REQUEST", `The step ${step.name} waits for a key that no event has. ${STORABLE_TEXT}`));
    const fault = waitFault(step.name, timeoutMs);
    if (fault !== undefined) return this.#cannotWait(step, fault);
    const awaited = { event: name, key };
    const waitMs = step.record?.leftMs ?? timeoutMs;
    if (step.record === undefined) {
      let outcome: StepOutcome | undefined;
      await this.waits.takeNow(awaited, step.turn, async (found) => {
        outcome = await this.#end(step, found.payload, found.id);
      });
      if (outcome !== undefined) return outcome;
      if (waitMs <= 0) return this.#end(step);
      await steps.waits(claim, step, timeoutMs, awaited);
    }
    return { kind: "later", waitMs, awaited, resume: (found) => this.#end(step, found?.payload, found?.id) };
  }

  async #end(step: ReachedStep, value?: unknown, eventId?: string): Promise<StepOutcome> {
    const answer = this.#order.take();
    await this.#deps.steps.writeDone(this.#deps.claim, step, 1, value, answer, eventId);
    return { kind: "done", value, answer };
  }

  /** The failure is recorded like each failure of a step, because a body may catch it and go on, and must be replayed the same way. */
  async #cannotWait(step: ReachedStep, error: Error): Promise<StepOutcome> {
    const answer = this.#order.take();
    await this.#deps.steps.failed(this.#deps.claim, step, 1, toKept(error), false, answer);
    return { kind: "failed", error, answer };
  }
}

/** Whether a step is a sleep or a wait for an event, and so has no effect. */
function isWaiting({ kind }: ReachedStep): boolean {
  return kind === "sleep" || kind === "wait";
}
