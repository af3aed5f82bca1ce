import type { Closable } from "../../kernel/lifecycle.ts";
import type { CountWork } from "../../observe/work-metrics.ts";
import { RENEWALS_PER_LEASE, type TellThread } from "../engine/lease-thread.ts";
import { type Lease, Leases, type WhileBlocked } from "../engine/leases.ts";
import { ReclaimGuard } from "../engine/reclaim-guard.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import { type Reading, type ReadRecords, RecordReader } from "./record-reader.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import { type HangingRun, RunSession } from "./run-session.ts";
import { DEATHS_BEFORE_SUSPECT, type LookRequest, type RunStore } from "./run-store.ts";
import { StepAttempts } from "./step-attempts.ts";
import type { StepStore } from "./step-store.ts";
import type { CompiledWorkflows, WorkflowBody } from "./workflow-body.ts";
import type { WorkflowTiming } from "./workflow-timing.ts";

interface WorkflowRunnerDeps extends TaskDeps {
  readonly random: () => number;
  readonly context: string;
  readonly workflows: CompiledWorkflows;
  readonly runs: RunStore;
  readonly steps: StepStore;
  readonly runBy: string;
  readonly timing: WorkflowTiming;
  readonly count: CountWork | undefined;
  /** Shows runs and attempts to a second thread, which renews their leases while this thread is blocked. */
  readonly tellThread?: TellThread | undefined;
}

/** A run that this process works on. */
interface Active {
  readonly claim: RunClaim;
  readonly workflow: WorkflowBody;
  readonly attempts: StepAttempts;
  /** Undefined until its records are read. */
  session: RunSession | undefined;
  /** Until when the next suspect waits for this run, unless the run records a step or ends earlier. */
  suspectsWaitUntilMs: number;
  ended: Promise<void>;
}

/**
 * Claims due runs, several at once, and works on each in a session of its own while it holds the lease.
 *
 * I1. A lease is renewed from the claim until the run has left this process, also while its records are read.
 * I2. Before the records of a suspect are read, the other runs here are waited for, for one lease at most. Suspects that were read earlier are not waited for.
 *     So if reading kills the process, the death mostly counts for no other run. A suspect is a run that was at work in two deaths or more without progress.
 * I3. Suspects are worked on one at a time: the next one waits until this one records a step or ends, or for one lease.
 * I4. After a suspect was read, other runs are claimed first: suspects that cannot be read do not follow each other without end.
 */
export class WorkflowRunner implements Closable {
  readonly #deps: WorkflowRunnerDeps;
  readonly #known: readonly string[];
  readonly #active = new Map<string, Active>();
  readonly #task: Task;
  readonly #leases: Leases<RunClaim>;
  /** Whether there may be due runs for which there was no place. */
  #isBehind = false;
  #isClosing = false;
  readonly #records: RecordReader;
  readonly #guard: ReclaimGuard;
  /** Until this moment of the database's clock, leases that have ended may be reclaimed, as of the last look. */
  #reclaimUntilMs = 0;
  #suspectsAskedMs = Number.NEGATIVE_INFINITY;
  /** I4. Whether a suspect was read since other runs were claimed last. */
  #areOthersNext = false;
  /** Since when nothing is claimed, so that a suspect can be read with no other run beside it (I2). */
  #clearingSinceMs: number | undefined = undefined;
  #clockAskedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: WorkflowRunnerDeps) {
    const { timing } = deps;
    this.#deps = deps;
    this.#known = [...deps.workflows.bodies.keys()];
    this.#records = new RecordReader({ ...deps, leaseMs: timing.leaseMs, isClosing: () => this.#isClosing });
    this.#guard = new ReclaimGuard({ leaseMs: timing.leaseMs, everyMs: timing.pollMs });
    this.#task = new Task({ ...deps, task: "workflows", everyMs: timing.pollMs, run: () => this.#claim() });
    this.#leases = new Leases({
      ...deps,
      task: "renew leases of runs",
      leaseMs: timing.leaseMs,
      renew: (claims, deadlineMs) => deps.runs.renew(claims, timing.leaseMs, deadlineMs),
      whileBlocked: whileBlocked(deps),
    });
  }

  /** Looks for due runs. */
  wake(): void {
    this.#task.wake();
  }

  /** How many runs this process works on. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** Runs of this process whose body has waited for long for a promise that is not a step. */
  get hanging(): readonly HangingRun[] {
    return [...this.#active.values()].flatMap(({ session }) => session?.hanging ?? []);
  }

  async close(): Promise<void> {
    const { timing } = this.#deps;
    this.#isClosing = true;
    await this.#task.close();
    for (const { session } of this.#active.values()) session?.stop();
    const timer = setTimeout(() => {
      for (const active of this.#active.values()) abort(active);
    }, timing.graceMs);
    await Promise.all([...this.#active.values()].map(({ ended }) => ended)).finally(() => clearTimeout(timer));
    await this.#leases.close();
  }

  async #claim(): Promise<boolean> {
    const { concurrencyCount } = this.#deps.timing;
    for (const { session } of this.#active.values()) session?.look();
    this.#isBehind = this.#active.size >= concurrencyCount || this.#isReadingSuspect;
    if (this.#known.length === 0) return false;
    if (this.#isBehind) {
      await this.#lookAtClock();
      return false;
    }
    if (this.#isTimeForSuspect()) {
      this.#isBehind = (await this.#isClearing()) || ((await this.#take(1, true)) > 0 && this.#isReadingSuspect);
      if (this.#isBehind) return false;
    }
    const room = concurrencyCount - this.#active.size;
    this.#isBehind = room === 0 || (await this.#take(room, false)) === room;
    return this.#active.size < concurrencyCount && this.#isBehind;
  }

  /** Claims and starts runs. Returns how many were claimed. */
  async #take(limit: number, suspects: boolean): Promise<number> {
    const { runs, timing, clock } = this.#deps;
    const sentMs = clock.monotonicMs();
    const isAlone = this.#active.size === 0;
    const { claims, databaseMs } = await runs.claim({ ...this.#look, limit, suspects, leaseMs: timing.leaseMs });
    this.#looked(databaseMs);
    this.#startAll(claims, sentMs, suspects || (isAlone && claims.length === 1));
    this.#areOthersNext = this.#isReadingSuspect;
    return claims.length;
  }

  get #look(): LookRequest {
    return { known: this.#known, held: [...this.#active.keys()], runBy: this.#deps.runBy, reclaimUntilMs: this.#reclaimUntilMs };
  }

  /**
   * Only reads the database's clock, because there is no place for more runs. Otherwise the time in which this process is busy would count as a time in which
   * the database was away. It is not done at each wake, because it costs a connection while the pool is full.
   */
  async #lookAtClock(): Promise<void> {
    const { runs, timing, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#clockAskedMs < timing.pollMs / 2) return;
    this.#clockAskedMs = nowMs;
    this.#looked(await runs.now(timing.leaseMs / RENEWALS_PER_LEASE));
  }

  /** While the database was away, no living process could renew its leases. So after that, leases that have ended are left alone for the time of one lease. */
  #looked(databaseMs: number): void {
    this.#reclaimUntilMs = this.#guard.looked(databaseMs) ? databaseMs + this.#guard.goodForMs : 0;
  }

  /**
   * I3, I4. Whether the next claim is for a suspect. Suspects are worked on one at a time, so that innocent ones among them do not die with the others again
   * and again. They are looked for before all other runs: otherwise they would wait as long as others are due. They are not looked for more often than the task
   * runs by itself.
   */
  #isTimeForSuspect(): boolean {
    if (this.#areOthersNext) return false;
    const nowMs = this.#deps.clock.monotonicMs();
    const isSoon = nowMs - this.#suspectsAskedMs < this.#deps.timing.pollMs / 2;
    if (isSoon && this.#clearingSinceMs === undefined) return false;
    if ([...this.#active.values()].some(({ attempts, suspectsWaitUntilMs }) => !attempts.hasRecorded && nowMs < suspectsWaitUntilMs)) return false;
    this.#suspectsAskedMs = nowMs;
    return true;
  }

  /**
   * I2. Whether no run may be claimed now, because a suspect is due and other runs are at work. The other runs are waited for, but no longer than a lease,
   *     because a step may take hours. Suspects that are at work are not waited for again: each has recorded a step, so that its next death is counted from 1
   *     again, or has had the time of a lease.
   */
  async #isClearing(): Promise<boolean> {
    const { runs, timing, clock } = this.#deps;
    const sinceMs = this.#clearingSinceMs ?? clock.monotonicMs();
    this.#clearingSinceMs = undefined;
    if (this.#isClear || clock.monotonicMs() - sinceMs >= timing.leaseMs) return false;
    const { isDue, databaseMs } = await runs.suspectDue(this.#look);
    this.#looked(databaseMs);
    if (isDue) this.#clearingSinceMs = sinceMs;
    return isDue && !this.#isClear;
  }

  /** I2. Whether only suspects are at work here. */
  get #isClear(): boolean {
    return [...this.#active.values()].every(({ claim }) => isSuspect(claim));
  }

  /** Whether the records of a suspect are being read. */
  get #isReadingSuspect(): boolean {
    return [...this.#active.values()].some(({ claim, session }) => isSuspect(claim) && session === undefined && !this.#isDeadly(claim));
  }

  /**
   * I1. Starts runs. A run that became a suspect by this claim is read now only if no other run is at work here. Otherwise it is given back, and read later
   *     (I2).
   */
  #startAll(claims: readonly RunClaim[], sentMs: number, readsSuspects: boolean): void {
    const toRead = claims.filter((claim) => claim.fence !== "1" && !this.#isDeadly(claim) && (readsSuspects || !isSuspect(claim)));
    const resumed = new Set(toRead);
    const read = resumed.size === 0 ? undefined : this.#records.begin(toRead);
    for (const claim of claims) this.#start(claim, resumed.has(claim) ? read : undefined, sentMs);
  }

  /** Whether a run is to be set aside as stuck. Its records are not read, because reading them may be what kills the processes. */
  #isDeadly({ deaths }: RunClaim): boolean {
    return deaths >= this.#deps.timing.deathsCount;
  }

  #start(claim: RunClaim, read: ReadRecords | undefined, sentMs: number): void {
    const workflow = this.#deps.workflows.bodies.get(`${claim.workflow}@${claim.version}`);
    if (workflow === undefined) return;
    let lease: Lease<RunClaim> | undefined;
    // The second thread gets each attempt with a time limit of its own, because the run lasts longer than one attempt.
    const tellOfAttempt = (name: string, forMs: number) =>
      this.#deps.tellThread?.({ id: claim.id, fence: claim.fence, name, forMs }, (sinceMs) => lease?.renewed(sinceMs));
    const attempts = new StepAttempts({ ...this.#deps, lease: () => lease, whileBlocked: tellOfAttempt }, claim);
    const suspectsWaitUntilMs = isSuspect(claim) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const active: Active = { claim, workflow, attempts, session: undefined, suspectsWaitUntilMs, ended: Promise.resolve() };
    this.#active.set(claim.id, active);
    lease = this.#leases.hold(claim, sentMs, (reason) => {
      attempts.log.warn({ err: reason }, "this process stops its work on a run, because the lease was lost");
      abort(active);
    });
    active.ended = this.#work(active, read).finally(() => {
      lease?.release();
      this.#active.delete(claim.id);
      if (this.#isBehind) this.#task.wake();
    });
  }

  async #work(active: Active, read: ReadRecords | undefined): Promise<void> {
    const { runs, timing, clock } = this.#deps;
    const { claim, attempts } = active;
    const giveBack = (waitMs: number) => (active.session === undefined ? runs.giveBackUnbegun(claim, waitMs) : runs.giveBack(claim, waitMs));
    try {
      if (this.#isDeadly(claim)) {
        const reason = `${claim.deaths} processes died while they worked on it, and the run made no progress.`;
        attempts.log.error({ deaths: claim.deaths }, "a run is stuck: too many processes died while they worked on it");
        await attempts.statement(() => runs.stuck(claim, reason));
        return;
      }
      const reading = await this.#reading(claim, read);
      if (reading !== undefined && !("records" in reading)) {
        if ("unreadable" in reading)
          attempts.log.warn({ err: reading.unreadable }, "the steps of a run could not be read; it is taken up again later");
        await attempts.statement(() => giveBack("unreadable" in reading ? timing.sweepMs : timing.pollMs));
        return;
      }
      if (reading !== undefined && !this.#isClosing && !attempts.isOver) {
        active.session = this.#session(active, reading.records);
        if (isSuspect(claim)) {
          active.suspectsWaitUntilMs = clock.monotonicMs() + timing.leaseMs;
          // Nothing was claimed while its records were read.
          this.#task.wake();
        }
        if ((await active.session.work()) !== "lost") return;
      }
      // If the process stops, it still holds the aborted run: giving it back saves the wait for the end of its lease.
      if (!(await attempts.statement(() => giveBack(0)))) attempts.log.warn({}, "another process has the run now");
    } catch (error) {
      attempts.log.warn({ err: error }, "a run could not go on in this process; it is given back, or taken up again when its lease ends");
      // Gives the run back before its lease ends, if possible: a lease that ends by itself counts as a death.
      await attempts.statement(() => giveBack(timing.pollMs)).catch(() => {});
    }
  }

  /**
   * The records of a run. A run that is claimed for the first time has none. A run that became a suspect by this claim, with others beside it, is not read now.
   */
  async #reading(claim: RunClaim, read: ReadRecords | undefined): Promise<Reading | undefined> {
    if (read !== undefined) return read(claim);
    return claim.fence === "1" ? { records: [] } : { isUntried: true };
  }

  #session({ claim, workflow, attempts }: Active, records: readonly StepRecord[]): RunSession {
    const { workflows, runs, steps, timing, random, clock, timers } = this.#deps;
    const deps = { claim, runs, steps, attempts, timing, random, clock, timers };
    return new RunSession({ ...deps, host: workflows.host, workflow, records });
  }
}

function isSuspect({ deaths }: RunClaim): boolean {
  return deaths >= DEATHS_BEFORE_SUSPECT;
}

/** Cancels the steps of a run: another process has it now, or they did not end in time. */
function abort({ attempts, session }: Active): void {
  attempts.abort();
  session?.abort();
}

/**
 * Shows each claimed run to a second thread, also between two steps, so that it is renewed while the steps of other runs block this thread. Such a claim has no
 * time limit of its own (`forMs` is 0).
 */
function whileBlocked({ context, tellThread }: WorkflowRunnerDeps): WhileBlocked<RunClaim> | undefined {
  if (tellThread === undefined) return undefined;
  return ({ id, fence, workflow }, onRenewed) => tellThread({ id, fence, name: `${context}.${workflow}`, forMs: 0 }, onRenewed);
}
