import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { LeasedRow, LeftOut } from "./outbox-lease.ts";

/** A row that could not be sent even alone, while the servers answered. */
export interface FailedRow {
  readonly row: LeasedRow;
  readonly error: unknown;
}

/** The outcome of rows of one kind that were taken together. */
export interface Outcome {
  readonly kind: LeasedRow["kind"];
  readonly sent: readonly LeasedRow[];
  readonly failed: readonly FailedRow[];
  /** Rows that were not tried, because a server went away or the time of the rows was over before their turn. */
  readonly untried: readonly LeasedRow[];
}

/** A row is logged once in this time, however often it fails. */
const QUIET_MS = 60_000;

/** Most rows that are logged in {@link QUIET_MS}. Of rows that failed together, the oldest are logged; each line says how many failed together. */
const NAMED_COUNT = 20;

/** If one row fails, the row may be wrong. If this many fail, and no row of their kind is sent between them, the publisher may be at fault. */
const DOUBTED_COUNT = 2;

/** How long a publisher stays in doubt after the last failure that gave cause for it. */
const DOUBT_MS = 60_000;

/** Most rows that are remembered and left out of a take: about a megabyte of memory, and 50 kB of a statement. */
const REMEMBERED_COUNT = 5_000;

/**
 * If a row fails while {@link REMEMBERED_COUNT} rows are remembered, the publisher leaves out every row up to the failed one for this long, remembered or not.
 * Then it tries these rows again.
 */
const PASSED_MS = 60_000;

/** A row that this publisher could not send. */
interface RememberedRow {
  readonly kind: LeasedRow["kind"];
  readonly sinceMs: number;
  readonly failedMs: number;
  readonly dueMs: number;
}

/** Rows of a kind that failed for the first time, while no row of the kind was sent. */
interface Doubt {
  readonly count: number;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly error: unknown;
}

interface FailingRowsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The least and the greatest wait before a row is tried again. */
  readonly leastMs: number;
  readonly greatestMs: number;
}

/**
 * Remembers for one publisher which rows of the outbox failed, and when to try them again. Logs each failed row, once a minute at most. Says whether the
 * publisher may be at fault, because its version does not fit the tables. Each kind is sent separately, so each has its own doubt:
 *
 *     sure     --two rows fail that have not failed here before, and no row is sent between them-->  in doubt
 *     in doubt --a row is sent-->                                                                    sure
 *     in doubt --no such row fails for a minute-->                                                   sure
 *
 * I1. A row that failed is left out of takes for as long as it has failed already, within a least and a greatest wait. This is true for this publisher
 *     only: another publisher, whose version may fit, tries the row at once.
 * I2. Rows that have failed here before cause no doubt, however many they are.
 * I3. When a row of a kind is sent, the rows of its kind that failed during the doubt are tried again at once: the publisher may have been the only reason why
 *     they failed.
 * I4. The memory is bounded. If it is full, takes leave out all rows up to the last failed one, and reach the rows behind it, see {@link PassedRows}.
 * I5. A publisher that takes nothing stays in doubt for a while. Otherwise readiness would say by turns that the publisher works and that it fails.
 */
export class FailingRows {
  readonly #deps: FailingRowsDeps;
  /** When rows were logged, by their ids; the one that was logged longest ago first. */
  readonly #namedMs = new Map<string, number>();
  /** By position. */
  readonly #remembered = new Map<number, RememberedRow>();
  readonly #doubts = new Map<LeasedRow["kind"], Doubt>();
  readonly #passed: PassedRows;

  constructor(deps: FailingRowsDeps) {
    this.#deps = deps;
    this.#passed = new PassedRows(deps.leastMs);
  }

  /** I1. The rows that this publisher must not try yet. Must be called before each take. */
  leftOut(): LeftOut {
    const nowMs = this.#deps.clock.monotonicMs();
    const positions: number[] = [];
    for (const [position, { dueMs }] of this.#remembered) {
      if (nowMs < dueMs) positions.push(position);
      // The row has been due for long and did not fail again: another publisher has sent it, or it was removed.
      else if (nowMs - dueMs >= this.#deps.greatestMs) this.#remembered.delete(position);
    }
    return { upTo: this.#passed.next(nowMs), positions };
  }

  /** The error that put this publisher in doubt; undefined while it is sure. */
  get doubt(): { readonly error: unknown } | undefined {
    const nowMs = this.#deps.clock.monotonicMs();
    return [...this.#doubts.values()].find(({ count, lastMs }) => count >= DOUBTED_COUNT && nowMs - lastMs < DOUBT_MS);
  }

  /** Notes the outcome of rows. */
  note(outcome: Outcome): void {
    const { kind, sent, failed } = outcome;
    const nowMs = this.#deps.clock.monotonicMs();
    for (const { position } of sent) this.#remembered.delete(position);
    if (sent.length > 0) this.#endDoubt(kind, nowMs);
    else this.#doubtFor(kind, failed, nowMs);
    for (const { row } of failed) this.#remember(row, nowMs);
    this.#passed.taken(outcome);
    this.#name(failed, nowMs);
  }

  #endDoubt(kind: LeasedRow["kind"], nowMs: number): void {
    const doubt = this.#doubts.get(kind);
    this.#doubts.delete(kind);
    if (doubt === undefined || doubt.count < DOUBTED_COUNT) return;
    // I3.
    this.#passed.lookAt(nowMs);
    for (const [position, row] of this.#remembered) {
      if (row.kind === kind && row.failedMs >= doubt.sinceMs) this.#remembered.set(position, { ...row, dueMs: nowMs });
    }
  }

  #doubtFor(kind: LeasedRow["kind"], failed: readonly FailedRow[], nowMs: number): void {
    const first = failed.filter(({ row: { position } }) => !this.#remembered.has(position) && !this.#passed.has(position));
    if (first.length === 0) return;
    const { count, sinceMs } = this.#doubts.get(kind) ?? { count: 0, sinceMs: nowMs };
    this.#doubts.set(kind, { count: count + first.length, sinceMs, lastMs: nowMs, error: first.at(-1)?.error });
  }

  #remember({ position, kind }: LeasedRow, nowMs: number): void {
    const { leastMs, greatestMs } = this.#deps;
    const sinceMs = this.#remembered.get(position)?.sinceMs ?? nowMs;
    if (!this.#remembered.has(position) && this.#remembered.size >= REMEMBERED_COUNT) {
      // I4.
      this.#passed.add(position, nowMs + PASSED_MS);
      return;
    }
    const waitMs = Math.min(greatestMs, Math.max(leastMs, nowMs - sinceMs));
    this.#remembered.set(position, { kind, sinceMs, failedMs: nowMs, dueMs: nowMs + waitMs });
  }

  #name(failed: readonly FailedRow[], nowMs: number): void {
    for (const [id, namedMs] of this.#namedMs) if (nowMs - namedMs >= QUIET_MS) this.#namedMs.delete(id);
    for (const { row, error } of failed) {
      const { id, kind, name, position } = row;
      if (this.#namedMs.has(id) || this.#namedMs.size >= NAMED_COUNT) continue;
      this.#namedMs.set(id, nowMs);
      this.#deps.log.warn(
        { err: error, rowId: id, position, kind, name, count: failed.length },
        "a row of the outbox cannot be sent by this process: it holds up only later events of its key, and is tried again after growing waits until it is sent; if the row is wrong, correct it in holon_outbox",
      );
    }
  }
}

/**
 * Rows that have failed and are not remembered. Takes leave out all rows up to the last of them. There may be good rows among them: rows of a transaction that
 * took its positions early and committed late, or rows that another publisher has given back. So now and then a take is for the rows that are left out. Such a
 * take is called a look here.
 *
 *     none    --a row fails that cannot be remembered-->                   waiting
 *     waiting --a minute passed, or a doubt ended-->                       looking, from the first row on
 *     looking --a look reached the last row, or found none-->              waiting, if rows have failed since the first look; else none
 *
 * I1. Between two looks there is a wait, in which all takes are for the rows behind those that are left out, however many these are. After a look whose rows
 *     were all good, the next look comes without a wait.
 * I2. A look begins where the one before ended, so that it does not meet the same failing rows again. Looks end at the row that was the last one to be left out
 *     when the first look began.
 * I3. If a look does not try all its rows, because a server went away or its time was over, the look is made again after the wait.
 */
class PassedRows {
  readonly #betweenMs: number;
  /** Position of the last row that failed; 0 if no row has failed. */
  #upTo = 0;
  /**
   * Position of the last row that was ever left out. It is kept even if a look finds no rows: another publisher may hold them, and they have failed here all
   * the same.
   */
  #everTo = 0;
  /** Position of the last row that failed since the first of the looks. */
  #failedTo = 0;
  /** Position of the last row that was tried in the last take; 0 if that take found no rows. */
  #triedTo = 0;
  /** Whether a row failed in the last take, remembered or not; and whether some rows of the last take were not tried. */
  #hasFailed = false;
  #isCut = false;
  #looks: { from: number; readonly to: number } | undefined = undefined;
  #lookAtMs = 0;
  /** Whether the take that belongs to the last call of {@link next} is a look; and whether its outcome was noted. */
  #isLook = false;
  #isTaken = false;

  /** `betweenMs`: the wait between two looks, in milliseconds. */
  constructor(betweenMs: number) {
    this.#betweenMs = betweenMs;
  }

  /** The position up to which the next take leaves out all rows. */
  next(nowMs: number): number {
    // If a look has no outcome, because rows could not be taken, it is made again.
    if (this.#isLook && this.#isTaken) this.#ended(nowMs);
    this.#isLook = this.#upTo > 0 && nowMs >= this.#lookAtMs;
    this.#isTaken = false;
    this.#triedTo = 0;
    this.#hasFailed = false;
    this.#isCut = false;
    if (!this.#isLook) return this.#upTo;
    if (this.#looks === undefined) this.#failedTo = 0;
    this.#looks ??= { from: 0, to: this.#upTo };
    return this.#looks.from;
  }

  /** Whether a row is left out, or was once. */
  has(position: number): boolean {
    return position <= this.#everTo;
  }

  /** Adds a row that failed. If it is the first one, the looks begin at `lookAtMs`. */
  add(position: number, lookAtMs: number): void {
    if (this.#upTo === 0) this.lookAt(lookAtMs);
    this.#upTo = Math.max(this.#upTo, position);
    this.#everTo = Math.max(this.#everTo, position);
    this.#failedTo = Math.max(this.#failedTo, position);
  }

  /** Notes the outcome of the rows of a take. */
  taken({ sent, failed, untried }: Outcome): void {
    this.#isTaken = true;
    this.#isCut ||= untried.length > 0;
    this.#hasFailed ||= failed.length > 0;
    for (const { position } of [...sent, ...failed.map(({ row }) => row)]) this.#triedTo = Math.max(this.#triedTo, position);
  }

  /** Sets when the next look is due. */
  lookAt(atMs: number): void {
    this.#lookAtMs = atMs;
  }

  #ended(nowMs: number): void {
    const looks = this.#looks;
    // I3.
    if (this.#isCut) return this.lookAt(nowMs + this.#betweenMs);
    if (looks !== undefined && this.#triedTo > 0 && this.#triedTo < looks.to) {
      looks.from = this.#triedTo;
      // I1.
      return this.lookAt(this.#hasFailed ? nowMs + this.#betweenMs : nowMs);
    }
    this.#looks = undefined;
    this.#upTo = this.#failedTo;
    this.lookAt(nowMs + PASSED_MS);
  }
}
