import type { Clock } from "../kernel/clock.ts";
import type { Logger } from "../kernel/log.ts";
import type { CountLeft, LeftKind } from "../observe/work-metrics.ts";

/** For this long after a name was logged, it is not logged again. */
const QUIET_MS = 60_000;

/** Most names of each kind that get a count of their own. Names come from rows and messages, and may be any text. */
const NAMES_COUNT = 100;
const NAME_LENGTH = 200;
const OTHER = "other";

/** The log message of each kind, with what an operator can do. */
const SAID: Readonly<Record<LeftKind, string>> = {
  event:
    "this process has no handler for events that it took: they are held for a process that has one; start the version that handles them, or skip those that `work -- list` shows with `work -- skip`",
  job: "this process has no handler for a job: the job is left to other processes; start the version that has its handler",
  delay:
    "this process cannot read the delay of a job: the job stays in the outbox; start the version that wrote it, or correct `delayMs` (a number of milliseconds) in its row of holon_outbox",
  run: "this process cannot go on with a run: it does not know the run's workflow, version, state or steps; the run is left to other processes; start the version that has it",
  message: "this process does not understand a message of a queue: the message is left to other processes; start the version that understands it",
  outbox: "this process does not know a kind of rows in the outbox: these rows are left to other processes; start the version that knows them",
};

interface LeftWorkDeps {
  readonly context: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly count?: CountLeft | undefined;
}

interface Noted {
  count: number;
  /** The moment from which the name may be logged again. */
  quietUntilMs: number;
}

/**
 * Counts and logs work that this process does not know and leaves to other processes. A name is logged the first time that it comes, and after that at most
 * once a minute, with its count.
 */
export class LeftWork {
  readonly #deps: LeftWorkDeps;
  readonly #noted = new Map<string, Noted>();
  readonly #namesCount = new Map<LeftKind, number>();

  constructor(deps: LeftWorkDeps) {
    this.#deps = deps;
  }

  note(kind: LeftKind, anyName: string, count = 1): void {
    const { context, clock, log } = this.#deps;
    const [name, noted] = this.#find(kind, anyName.slice(0, NAME_LENGTH));
    this.#deps.count?.(kind, context, name, count);
    noted.count += count;
    const nowMs = clock.monotonicMs();
    if (nowMs < noted.quietUntilMs) return;
    noted.quietUntilMs = nowMs + QUIET_MS;
    log.warn({ [kind]: name, count: noted.count }, SAID[kind]);
    noted.count = 0;
  }

  #find(kind: LeftKind, wanted: string): readonly [name: string, noted: Noted] {
    const known = this.#noted.get(`${kind} ${wanted}`);
    if (known !== undefined) return [wanted, known];
    const namesCount = this.#namesCount.get(kind) ?? 0;
    if (namesCount >= NAMES_COUNT && wanted !== OTHER) return this.#find(kind, OTHER);
    this.#namesCount.set(kind, namesCount + 1);
    const noted = { count: 0, quietUntilMs: Number.NEGATIVE_INFINITY };
    this.#noted.set(`${kind} ${wanted}`, noted);
    return [wanted, noted];
  }
}
