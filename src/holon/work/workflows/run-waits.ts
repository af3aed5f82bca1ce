import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { TimerEntry, type Timers } from "../../kernel/timers.ts";
import type { AwaitedEvents, ReceivedEvent } from "./awaited-events.ts";
import type { RunClaim } from "./run-claim.ts";
import type { AwaitedKey } from "./step-store.ts";

/** A step that goes on later: a sleep, a wait for an event, or a step whose next attempt is due after a while. */
interface WaitingStep {
  readonly name: string;
  /** On the monotonic clock: the end of the sleep, the timeout of the wait, or the next attempt. */
  readonly dueAtMs: number;
  readonly isSleep: boolean;
  /** How many answers the body had got when it reached the step. */
  readonly turn: number;
  readonly awaited: AwaitedKey | undefined;
  /** Goes on with the step, and gives it the event if one arrived. Resolves when the outcome is written. */
  resume(event?: ReceivedEvent): Promise<void>;
}

interface RunWaitsDeps {
  readonly claim: RunClaim;
  readonly events: AwaitedEvents;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Called when a step is due. */
  readonly onDue: () => void;
}

/** A step that can go on now, with the moment since which it can. */
interface Ready {
  readonly step: WaitingStep;
  readonly sinceMs: number;
  readonly event: ReceivedEvent | undefined;
}

/**
 * The steps of a session that go on later. While the session is at work on other steps, a step goes on as soon as it is due or its event has arrived. Otherwise
 * the session ends, and the run goes on when a step is due or its event has arrived.
 *
 * I1. Steps go on in the order of the moments at which they could, even if the run slept meanwhile.
 * I2. An event is taken by one step of a run, with one exception: if the wait that took it has lost its race, the event can be taken again, by a wait that the
 *     body reached later. Only the body knows whether it still uses the answer of a wait. So a wait counts as lost if the body reaches no further step after
 *     the answer.
 * I3. No two steps look for events at the same time, so that they do not find the same one.
 */
export class RunWaits extends TimerEntry {
  readonly #deps: RunWaitsDeps;
  readonly #waiting = new Set<WaitingStep>();
  /** Waits after whose answer the body reached no further step, by name, each with the turn in which the body reached the wait. */
  readonly #unmoved = new Map<string, number>();
  #looking: Promise<unknown> = Promise.resolve();

  constructor(deps: RunWaitsDeps) {
    super();
    this.#deps = deps;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get hasSleep(): boolean {
    return [...this.#waiting].some(({ isSleep }) => isSleep);
  }

  /** The events that are waited for. */
  get awaited(): readonly AwaitedKey[] {
    return [...this.#waiting].flatMap(({ awaited }) => awaited ?? []);
  }

  /** Milliseconds until the first step is due; 0 if one is due. */
  get leftMs(): number {
    const dueAtMs = Math.min(...[...this.#waiting].map((step) => step.dueAtMs));
    return Math.max(0, dueAtMs - this.#deps.clock.monotonicMs());
  }

  add(step: WaitingStep): void {
    this.#waiting.add(step);
    this.#setTimer();
  }

  /** I2. Notes that a wait took an event, and that the body reached no further step after that. Returns whether another wait may want the event. */
  passOn(name: string, turn: number): boolean {
    this.#unmoved.set(name, turn);
    return this.awaited.length > 0;
  }

  /** Takes an event that has arrived already, for a wait that the body has just reached. */
  takeNow(awaited: AwaitedKey, turn: number, take: (event: ReceivedEvent) => Promise<void>): Promise<boolean> {
    return this.#oneAtATime(async () => {
      const found = await this.#find(awaited, turn);
      if (found !== undefined) await take(found);
      return found !== undefined;
    });
  }

  /** Lets all steps go on that are due, or whose event has arrived. */
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
    this.#deps.onDue();
  }

  /** Drops all steps: none is due any more. */
  close(): void {
    this.#waiting.clear();
    this.#deps.timers.remove(this);
  }

  async #ready(): Promise<readonly Ready[]> {
    const nowMs = this.#deps.clock.monotonicMs();
    const ready: Ready[] = [];
    const found = new Set<string>();
    for (const step of [...this.#waiting]) {
      const event = step.awaited === undefined ? undefined : await this.#find(step.awaited, step.turn);
      if (event !== undefined && !found.has(event.id)) {
        found.add(event.id);
        ready.push({ step, sinceMs: nowMs - event.ageMs, event });
      } else if (event === undefined && step.dueAtMs <= nowMs) ready.push({ step, sinceMs: step.dueAtMs, event });
    }
    // I1.
    return ready.sort((one, other) => one.sinceMs - other.sinceMs);
  }

  #find(awaited: AwaitedKey, turn: number): Promise<ReceivedEvent | undefined> {
    const passedOn = [...this.#unmoved].flatMap(([name, reachedIn]) => (reachedIn < turn ? [name] : []));
    return this.#deps.events.find(this.#deps.claim, awaited, passedOn);
  }

  // I3.
  #oneAtATime<Result>(look: () => Promise<Result>): Promise<Result> {
    const looking = this.#looking.then(look);
    this.#looking = looking.catch(() => {});
    return looking;
  }

  #setTimer(): void {
    const { timers } = this.#deps;
    timers.remove(this);
    if (this.#waiting.size > 0) timers.add(this, Math.min(...[...this.#waiting].map(({ dueAtMs }) => dueAtMs)));
  }
}

/** Longest wait of a step: a year. */
const LONGEST_WAIT_MS = 366 * 86_400_000;

/** The error of a step that cannot wait for this long; undefined if it can. */
export function waitFault(step: string, ms: unknown): Error | undefined {
  if (typeof ms === "number" && ms >= 0 && ms <= LONGEST_WAIT_MS) return undefined;
  const given = typeof ms === "number" ? `${ms} ms` : "a time that is not a number";
  return catalogueError("INTERNAL", `The step ${step} cannot wait ${given}: a wait has 0 to ${LONGEST_WAIT_MS} ms, which is a year.`);
}
