import { catalogueError, isStorable } from "../../kernel/index.ts";
import type { StepKind, StepRecord } from "./run-claim.ts";
import type { StepPlace } from "./step-store.ts";
import type { RawStepOptions, StepFunction } from "./workflow-body.ts";

/** A step that the body has come to. */
export interface ReachedStep extends StepPlace {
  /** How many answers the body had learnt when it came to the step. */
  readonly turn: number;
  readonly record: StepRecord | undefined;
  readonly undo: StepFunction | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: RawStepOptions["retry"];
}

/** Longest name of a step, and longest key of an event: they are parts of indexes. */
export const GREATEST_TEXT_LENGTH = 200;

/** What can be recorded, for errors. */
export const STORABLE_TEXT = `Give a text of 1 to ${GREATEST_TEXT_LENGTH} characters, well-formed Unicode without U+0000.`;

/**
 * Holds the steps that a body comes to against those that are recorded. A body that takes other steps than it took before is not the body that
 * made the records: going on could do a step twice, or leave one out.
 */
export class Replay {
  readonly #records: Map<string, StepRecord>;
  readonly #names: ReadonlyMap<number, string>;
  readonly #reached = new Map<string, ReachedStep>();
  #mismatch: string | undefined = undefined;

  constructor(records: readonly StepRecord[]) {
    this.#records = new Map(records.map((record) => [record.name, record]));
    this.#names = new Map(records.map(({ ordinal, name }) => [ordinal, name]));
  }

  /** What does not fit; undefined as long as all does. */
  get mismatch(): string | undefined {
    return this.#mismatch;
  }

  /** The steps in the order in which they were reached. */
  get reached(): readonly ReachedStep[] {
    return [...this.#reached.values()];
  }

  find(name: string): ReachedStep | undefined {
    return this.#reached.get(name);
  }

  get reachedCount(): number {
    return this.#reached.size;
  }

  /** The step that was reached last. */
  get lastReached(): string | undefined {
    return this.reached.at(-1)?.name;
  }

  /** Recorded steps that the body has not come to. */
  get missing(): readonly string[] {
    return [...this.#records.keys()].filter((name) => !this.#reached.has(name));
  }

  /**
   * Takes the next place. Shape: undefined where it does not fit; see {@link mismatch}.
   *
   * Errors: BAD_REQUEST for a name that cannot be recorded; what the getters of options throw. They are the body's.
   */
  reach(
    kind: StepKind,
    name: string,
    { isConcurrent, turn }: { readonly isConcurrent: boolean; readonly turn: number },
    options: RawStepOptions = {},
  ): ReachedStep | undefined {
    const ordinal = this.#reached.size + 1;
    const record = this.#records.get(name);
    if (record === undefined && !isStorable(name, GREATEST_TEXT_LENGTH))
      throw catalogueError("BAD_REQUEST", `Step ${ordinal} has no name that can be recorded. ${STORABLE_TEXT}`);
    const before = this.#records.get(this.#names.get(ordinal) ?? "");
    // Branches that run at once come to their later steps in an order that is not the same each time.
    const isShifted = record?.concurrent === true || before?.concurrent === true;
    if (this.#reached.has(name)) return this.refuse(`the body takes the step "${name}" twice; names of steps are unique`);
    if (record !== undefined && (record.kind !== kind || (record.ordinal !== ordinal && !isShifted)))
      return this.refuse(`step ${ordinal} is ${kind} "${name}", which was recorded as step ${record.ordinal}, ${record.kind}`);
    if (record === undefined && before !== undefined && !isShifted)
      return this.refuse(`step ${ordinal} is ${kind} "${name}", but "${before.name}" was recorded in its place`);
    const { undo, timeoutMs, retry } = options;
    const step = { name, ordinal, kind, concurrent: isConcurrent, turn, record, undo, timeoutMs, retry: { ...retry } };
    this.#reached.set(name, step);
    return step;
  }

  /** Recorded steps that the body has not come to, once it is over, do not fit either. */
  close(): string | undefined {
    const { missing } = this;
    if (missing.length > 0) this.refuse(`the body did not come to the recorded steps ${missing.join(", ")}`);
    return this.#mismatch;
  }

  /** Says what does not fit; what was said first counts. */
  refuse(why: string): undefined {
    this.#mismatch ??= why;
  }
}
