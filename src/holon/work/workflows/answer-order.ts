import { isAnswered, type StepRecord } from "./run-claim.ts";

/** The place of an answer among the answers of its run. */
export interface AnswerPlace {
  /** Counts from 1. Recorded with the end of the step. */
  readonly number: number;
}

interface Delivery {
  readonly step: string;
  readonly deliver: () => void;
}

interface LivePlace extends AnswerPlace {
  delivery: Delivery | undefined;
}

/**
 * The order in which a body learns the outcomes of its steps.
 *
 *     place taken --end written or being committed--> published --all before it delivered, body at rest--> delivered
 *     place taken --end not written--> given up
 *
 * I1. The statement that ends a step records the number of its answer. The number is taken when that statement is made.
 * I2. The body gets its answers in the order of their numbers, the first time and at each replay. An answer waits until those before it are published or given
 *     up. So a race of steps has the same winner each time, whatever has happened to the other steps since.
 * I3. One answer is delivered at a time. The next one is delivered when the body has done all that it can do with this one without the answer of another step.
 * I4. All recorded answers of a run are delivered before any new step begins and before any new answer is delivered.
 * I5. A number is given up only when it is certain that the end of its step was not written under this number, or when its session ends.
 *
 * Answers that a process of an earlier version recorded have no number. They are ordered by the time of their record, and then by the place of their step. This
 * order is not proven: if the body has not reached the next step in it, the first answer whose step the body has reached is delivered instead.
 */
export class AnswerOrder {
  readonly #recorded: string[];
  readonly #isProven: boolean;
  readonly #reached = new Map<string, () => void>();
  readonly #live: LivePlace[] = [];
  readonly #onRest: (delivered: string | undefined) => void;
  #lastNumber: number;
  #deliveredCount = 0;
  #delivered: string | undefined = undefined;
  #isMoving = false;
  #isOpen = false;

  /** `onRest` is called each time that the body has come to rest, with the step whose answer it got last. */
  constructor(records: readonly StepRecord[], onRest: (delivered: string | undefined) => void) {
    const answered = records.filter(isAnswered);
    this.#recorded = inOrder(answered).map(({ name }) => name);
    this.#isProven = answered.every(({ answerNumber }) => answerNumber !== undefined);
    this.#lastNumber = answered.reduce((last, { answerNumber }) => Math.max(last, answerNumber ?? 0), 0);
    this.#onRest = onRest;
    if (this.#recorded.length > 0) this.#move();
  }

  /** Whether the body is doing something with an answer that it got. */
  get isMoving(): boolean {
    return this.#isMoving;
  }

  /** I4. Whether all recorded answers have been delivered, so that new steps may begin. */
  get isReplayed(): boolean {
    return this.#recorded.length === 0 || this.#isOpen;
  }

  /** The step whose recorded answer comes next. */
  get nextRecorded(): string | undefined {
    return this.#recorded[0];
  }

  /** How many answers the body has got. */
  get deliveredCount(): number {
    return this.#deliveredCount;
  }

  /** Takes the next number, for the end of a step that is about to be written. `instead` is a number that was taken for the same end and was not written. */
  take(instead?: AnswerPlace): AnswerPlace {
    const place: LivePlace = { number: ++this.#lastNumber, delivery: undefined };
    this.#live.push(place);
    if (instead !== undefined) this.giveUp(instead);
    return place;
  }

  /** Publishes the answer of a step whose end is written or being committed. The answer is delivered after those before it. */
  tell(place: AnswerPlace, step: string, deliver: () => void): void {
    (place as LivePlace).delivery = { step, deliver };
    if (!this.#isMoving) this.#deliverNext();
  }

  /** Gives up a place: the answers behind it do not wait for it any more. */
  giveUp(place: AnswerPlace): void {
    const index = this.#live.indexOf(place as LivePlace);
    if (index < 0) return;
    this.#live.splice(index, 1);
    if (index === 0 && !this.#isMoving) this.#deliverNext();
  }

  /** Publishes the recorded answer of a step that the body has reached. It is delivered in its turn. */
  tellRecorded(step: string, deliver: () => void): void {
    this.#reached.set(step, deliver);
    this.#move();
  }

  /** Lets the body run until it is at rest. */
  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    setImmediate(() => this.#rested());
  }

  #rested(): void {
    const delivered = this.#delivered;
    this.#delivered = undefined;
    this.#isMoving = false;
    this.#deliverNext();
    this.#isOpen ||= !this.#isMoving && !this.#isProven;
    this.#onRest(delivered);
  }

  #deliverNext(): void {
    const next = this.#nextRecordedDelivery() ?? this.#nextLive();
    if (next === undefined) return;
    this.#deliveredCount++;
    this.#delivered = next.step;
    next.deliver();
    this.#move();
  }

  #nextRecordedDelivery(): Delivery | undefined {
    const index = this.#isProven ? 0 : this.#recorded.findIndex((step) => this.#reached.has(step));
    const step = this.#recorded[index];
    const deliver = step === undefined ? undefined : this.#reached.get(step);
    if (step === undefined || deliver === undefined) return undefined;
    this.#recorded.splice(index, 1);
    return { step, deliver };
  }

  #nextLive(): Delivery | undefined {
    return this.isReplayed && this.#live[0]?.delivery !== undefined ? this.#live.shift()?.delivery : undefined;
  }
}

/** Sorts answers by their numbers. Each answer without a number comes before the first numbered one that was recorded after it. */
function inOrder(answered: readonly StepRecord[]): readonly StepRecord[] {
  const numbered = answered
    .filter(({ answerNumber }) => answerNumber !== undefined)
    .sort((one, other) => (one.answerNumber ?? 0) - (other.answerNumber ?? 0));
  const others = answered.filter(({ answerNumber }) => answerNumber === undefined);
  // Undoing a step overwrites the time of its record, so the times cannot be used then.
  const isTimed = others.every(({ state }) => state !== "undone");
  others.sort((one, other) => (isTimed ? one.settledAtMs - other.settledAtMs : 0) || one.ordinal - other.ordinal);
  const merged: StepRecord[] = [];
  for (const record of numbered) {
    while (others[0] !== undefined && others[0].settledAtMs < record.settledAtMs) merged.push(others.shift() as StepRecord);
    merged.push(record);
  }
  return [...merged, ...others];
}
