import { type Clock, type TimerWheel, WheelEntry } from "../../kernel/index.ts";
import type { AwaitedEvents, ReceivedEvent } from "./awaited-events.ts";
import type { RunClaim } from "./run-claim.ts";
import type { AwaitedKey } from "./step-store.ts";

/** A step that goes on later: a sleep, a wait for an event, or one whose next attempt is due after a while. */
export interface WaitingStep {
  readonly name: string;
  /** By the monotonic clock: the end of the sleep, the timeout of the wait, the next attempt. */
  readonly dueAtMs: number;
  readonly isSleep: boolean;
  /** How many answers the body had learnt when it came to the step. */
  readonly turn: number;
  readonly awaited: AwaitedKey | undefined;
  /** Goes on with the step; with the event, if it came. Resolves when what follows is written. */
  resume(event?: ReceivedEvent): Promise<void>;
}

/** What {@link RunWaits} needs. */
export interface RunWaitsParts {
  readonly claim: RunClaim;
  readonly events: AwaitedEvents;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Called when a step is due. */
  readonly onDue: () => void;
}

/** A step that can go on now, and since when it could. */
interface Ready {
  readonly step: WaitingStep;
  readonly sinceMs: number;
  readonly event: ReceivedEvent | undefined;
}

/**
 * The steps of a session that go on later. What is due, or has come, goes on at once while the session is at work on other steps; else the run is put aside.
 *
 * I1. What can go on goes on in the order of the moments at which it could, also if the run was put aside meanwhile.
 * I2. An event is taken by one step of a run. One that came to a wait and moved nothing, because the wait had lost its race, is there for the waits too that
 *     the body comes to later than to that one. The body alone knows whether it still looks at a wait; that its answer moves nothing is what can be seen of it.
 * I3. Two steps never look for events at once, so that they do not find the same one.
 */
export class RunWaits extends WheelEntry {
  readonly #parts: RunWaitsParts;
  readonly #waiting = new Set<WaitingStep>();
  /** Waits whose event moved nothing, by name, with the turn in which the body came to them. */
  readonly #unmoved = new Map<string, number>();
  #looking: Promise<unknown> = Promise.resolve();

  constructor(parts: RunWaitsParts) {
    super();
    this.#parts = parts;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get hasSleep(): boolean {
    return [...this.#waiting].some(({ isSleep }) => isSleep);
  }

  /** What is waited for. */
  get awaited(): readonly AwaitedKey[] {
    return [...this.#waiting].flatMap(({ awaited }) => awaited ?? []);
  }

  /** Until the first of them is due; 0 if it is. */
  get leftMs(): number {
    const dueAtMs = Math.min(...[...this.#waiting].map((step) => step.dueAtMs));
    return Math.max(0, dueAtMs - this.#parts.clock.monotonicMs());
  }

  add(step: WaitingStep): void {
    this.#waiting.add(step);
    this.#setTimer();
  }

  /** Says that the event that a wait took has moved nothing. Returns whether another one may want it. */
  passOn(name: string, turn: number): boolean {
    this.#unmoved.set(name, turn);
    return this.awaited.length > 0;
  }

  /** Takes an event that is there already for a wait that the body has just come to. */
  takeNow(awaited: AwaitedKey, turn: number, take: (event: ReceivedEvent) => Promise<void>): Promise<boolean> {
    return this.#oneAtATime(async () => {
      const found = await this.#find(awaited, turn);
      if (found !== undefined) await take(found);
      return found !== undefined;
    });
  }

  /** Lets all go on that is due, and those whose event has come. */
  look(): Promise<void> {
    return this.#oneAtATime(async () => {
      for (let ready = await this.#ready(); ready.length > 0; ready = ready.some(({ event }) => event !== undefined) ? await this.#ready() : []) {
        for (const { step } of ready) this.#waiting.delete(step);
        const going = ready.map(({ step, event }) => ({ event, gone: step.resume(event) }));
        await Promise.all(going.flatMap(({ event, gone }) => (event === undefined ? [] : [gone])));
      }
    }).finally(() => this.#setTimer());
  }

  override expire(): void {
    this.#parts.onDue();
  }

  /** Nothing is due any more. */
  close(): void {
    this.#waiting.clear();
    this.#parts.wheel.remove(this);
  }

  async #ready(): Promise<readonly Ready[]> {
    const nowMs = this.#parts.clock.monotonicMs();
    const ready: Ready[] = [];
    const found = new Set<string>();
    for (const step of [...this.#waiting]) {
      const event = step.awaited === undefined ? undefined : await this.#find(step.awaited, step.turn);
      if (event !== undefined && !found.has(event.id)) {
        found.add(event.id);
        ready.push({ step, sinceMs: nowMs - event.ageMs, event });
      } else if (event === undefined && step.dueAtMs <= nowMs) ready.push({ step, sinceMs: step.dueAtMs, event });
    }
    return ready.sort((one, other) => one.sinceMs - other.sinceMs);
  }

  #find(awaited: AwaitedKey, turn: number): Promise<ReceivedEvent | undefined> {
    const passedOn = [...this.#unmoved].flatMap(([name, reachedIn]) => (reachedIn < turn ? [name] : []));
    return this.#parts.events.find(this.#parts.claim, awaited, passedOn);
  }

  #oneAtATime<Result>(look: () => Promise<Result>): Promise<Result> {
    const looking = this.#looking.then(look);
    this.#looking = looking.catch(() => {});
    return looking;
  }

  #setTimer(): void {
    const { wheel } = this.#parts;
    wheel.remove(this);
    if (this.#waiting.size > 0) wheel.add(this, Math.min(...[...this.#waiting].map(({ dueAtMs }) => dueAtMs)));
  }
}
