import { isAnswered, type StepRecord } from "./run-claim.ts";

/** The place of an answer among those of its run. */
export interface AnswerPlace {
  /** Counts from 1; it is recorded with the end of the step. */
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
 * The order in which a body learns what its steps came to.
 *
 *     place taken --end written--> told --all before it delivered, body at rest--> delivered
 *     place taken --end not written--> given up
 *
 * I1. The statement that ends a step records the number of its answer. Numbers are taken when that statement is built.
 * I2. The body learns answers in the order of their numbers: the first time, and each time that it is run again. An answer waits for those before it
 *     until they are told or given up. So a race of steps has the same winner each time, whatever has come to its losers since.
 * I3. One answer at a time: the next one is delivered when the body has done all that it does with this one without another step.
 * I4. What a run has recorded is delivered before anything new is begun or told.
 * I5. A number is given up only when it is known that its end was not written, or when its session ends.
 *
 * Answers that a runner of an earlier version recorded have no number. They are put by the moment of their record, then by the place of their step, and
 * this order is no proof: where the body has not come to the next of them, the first one that it has come to is delivered instead.
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

  /** `onRest` is called each time that the body has come to rest, with the step whose answer it had got. */
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

  /** Whether all that is recorded has been delivered, so that something new may begin. */
  get isReplayed(): boolean {
    return this.#recorded.length === 0 || this.#isOpen;
  }

  /** The step whose recorded answer comes next. */
  get nextRecorded(): string | undefined {
    return this.#recorded[0];
  }

  /** How many answers the body has learnt. */
  get deliveredCount(): number {
    return this.#deliveredCount;
  }

  /** Takes the next number for an end that is about to be written, instead of one that was taken for the same end and not written. */
  take(instead?: AnswerPlace): AnswerPlace {
    const place: LivePlace = { number: ++this.#lastNumber, delivery: undefined };
    this.#live.push(place);
    if (instead !== undefined) this.giveUp(instead);
    return place;
  }

  /** Says that an end is written. Its answer is delivered when those before it are. */
  tell(place: AnswerPlace, step: string, deliver: () => void): void {
    (place as LivePlace).delivery = { step, deliver };
    if (!this.#isMoving) this.#deliverNext();
  }

  /** Lets the answers behind a place go on without it. */
  giveUp(place: AnswerPlace): void {
    const index = this.#live.indexOf(place as LivePlace);
    if (index < 0) return;
    this.#live.splice(index, 1);
    if (index === 0 && !this.#isMoving) this.#deliverNext();
  }

  /** Delivers the recorded answer of a step that the body has come to, when its turn has come. */
  tellRecorded(step: string, deliver: () => void): void {
    this.#reached.set(step, deliver);
    this.#move();
  }

  /** Lets the body do what it is about to do. */
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

/** Those with a number by it; the others before the first numbered one that was recorded after them. */
function inOrder(answered: readonly StepRecord[]): readonly StepRecord[] {
  const numbered = answered
    .filter(({ answerNumber }) => answerNumber !== undefined)
    .sort((one, other) => (one.answerNumber ?? 0) - (other.answerNumber ?? 0));
  const others = answered.filter(({ answerNumber }) => answerNumber === undefined);
  // To undo a step overwrites the moment of its record.
  const isTimed = others.every(({ state }) => state !== "undone");
  others.sort((one, other) => (isTimed ? one.settledAtMs - other.settledAtMs : 0) || one.ordinal - other.ordinal);
  const merged: StepRecord[] = [];
  for (const record of numbered) {
    while (others[0] !== undefined && others[0].settledAtMs < record.settledAtMs) merged.push(others.shift() as StepRecord);
    merged.push(record);
  }
  return [...merged, ...others];
}
