import { catalogueError } from "../../kernel/holon-error.ts";
import { isStorable } from "../../kernel/thrown.ts";
import type { StepKind, StepRecord } from "./run-claim.ts";
import type { StepPlace } from "./step-store.ts";
import type { RawStepOptions, StepFunction } from "./workflow-body.ts";

/** A step that the body has reached. */
export interface ReachedStep extends StepPlace {
  /** How many answers the body had got when it reached the step. */
  readonly turn: number;
  readonly record: StepRecord | undefined;
  readonly undo: StepFunction | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: RawStepOptions["retry"];
}

/** Longest name of a step, and longest key of an event: both are parts of indexes. */
export const GREATEST_TEXT_LENGTH = 200;

/** Says in errors which texts can be recorded. */
export const STORABLE_TEXT = `Give a text of 1 to ${GREATEST_TEXT_LENGTH} characters, well-formed Unicode without U+0000.`;

/**
 * Compares the steps that a body reaches with those that are recorded. A body that takes other steps than before is not the body that made the records: if it
 * went on, it could do a step twice, or leave one out.
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

  /** The first difference; undefined as long as there is none. */
  get mismatch(): string | undefined {
    return this.#mismatch;
  }

  /** The steps, in the order in which the body reached them. */
  get reached(): readonly ReachedStep[] {
    return [...this.#reached.values()];
  }

  find(name: string): ReachedStep | undefined {
    return this.#reached.get(name);
  }

  get reachedCount(): number {
    return this.#reached.size;
  }

  /** The step that the body reached last. */
  get lastReached(): string | undefined {
    return this.reached.at(-1)?.name;
  }

  /** Recorded steps that the body has not reached. */
  get missing(): readonly string[] {
    return [...this.#records.keys()].filter((name) => !this.#reached.has(name));
  }

  /**
   * Takes the next place for a step that the body has reached. Shape: undefined if the step does not fit the records, see {@link mismatch}.
   *
   * Errors: BAD_REQUEST for a name that cannot be recorded, and what getters of the options throw. These are the body's own errors.
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
    // Branches that run at once reach their later steps in an order that may differ each time.
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

  /** Must be called when the body is over: recorded steps that it has not reached are a difference, too. Returns the first difference. */
  close(): string | undefined {
    const { missing } = this;
    if (missing.length > 0) this.refuse(`the body did not come to the recorded steps ${missing.join(", ")}`);
    return this.#mismatch;
  }

  /** Notes a difference. The first one counts. */
  refuse(why: string): undefined {
    this.#mismatch ??= why;
  }
}
