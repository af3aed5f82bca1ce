import type { Closable } from "../../kernel/index.ts";
import type { CountWork } from "../../observe/index.ts";
import { RENEWALS_PER_LEASE, type TellThread } from "../engine/lease-thread.ts";
import { type Lease, Leases, type WhileBlocked } from "../engine/leases.ts";
import { ReclaimGuard } from "../engine/reclaim-guard.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { HangingRun } from "./body-watch.ts";
import { type ReadRecords, RecordReader } from "./record-reader.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import { RunSession } from "./run-session.ts";
import { DEATHS_BEFORE_SUSPECT, type RunStore } from "./run-store.ts";
import { StepAttempts } from "./step-attempts.ts";
import type { StepStore } from "./step-store.ts";
import type { CompiledWorkflows, WorkflowBody } from "./workflow-body.ts";
import type { WorkflowTiming } from "./workflow-timing.ts";

/** What {@link WorkflowRunner} needs. */
export interface WorkflowRunnerParts extends TaskDeps {
  readonly random: () => number;
  readonly context: string;
  readonly workflows: CompiledWorkflows;
  readonly runs: RunStore;
  readonly steps: StepStore;
  readonly runBy: string;
  readonly timing: WorkflowTiming;
  readonly count: CountWork | undefined;
  /** Tells a second thread of what may block this one. */
  readonly tellThread?: TellThread | undefined;
}

/** A run at work here. */
interface Active {
  readonly claim: RunClaim;
  readonly workflow: WorkflowBody;
  readonly attempts: StepAttempts;
  /** Undefined until its records are read. */
  session: RunSession | undefined;
  ended: Promise<void>;
}

/** Claims runs that are due, several at once, and works each in a session of its own, as long as its lease is kept. */
export class WorkflowRunner implements Closable {
  readonly #parts: WorkflowRunnerParts;
  readonly #known: readonly string[];
  readonly #active = new Map<string, Active>();
  readonly #task: Task;
  readonly #leases: Leases<RunClaim>;
  /** Whether there may be due runs that there was no room for. */
  #isBehind = false;
  #isClosing = false;
  readonly #records: RecordReader;
  readonly #guard: ReclaimGuard;
  /** Until when, by the database's clock, what the last look said of leases that have ended counts. */
  #reclaimUntilMs = 0;
  #suspectsAskedMs = Number.NEGATIVE_INFINITY;
  #clockAskedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: WorkflowRunnerParts) {
    const { timing } = parts;
    this.#parts = parts;
    this.#known = [...parts.workflows.bodies.keys()];
    this.#records = new RecordReader({ ...parts, leaseMs: timing.leaseMs, isClosing: () => this.#isClosing });
    this.#guard = new ReclaimGuard({ leaseMs: timing.leaseMs, everyMs: timing.pollMs });
    this.#task = new Task({ ...parts, task: "workflows", everyMs: timing.pollMs, run: () => this.#claim() });
    this.#leases = new Leases({
      ...parts,
      task: "renew leases of runs",
      leaseMs: timing.leaseMs,
      renew: (claims, deadlineMs) => parts.runs.renew(claims, timing.leaseMs, deadlineMs),
      whileBlocked: whileBlocked(parts),
    });
  }

  /** Looks for runs that are due. */
  wake(): void {
    this.#task.wake();
  }

  /** Runs at work here. */
  get activeCount(): number {
    return this.#active.size;
  }

  /** Runs at work here whose body has waited for long for what is not a step. */
  get hanging(): readonly HangingRun[] {
    return [...this.#active.values()].flatMap(({ session }) => session?.hanging ?? []);
  }

  async close(): Promise<void> {
    const { timing } = this.#parts;
    this.#isClosing = true;
    await this.#task.close();
    for (const { session } of this.#active.values()) session?.stop();
    const patience = setTimeout(() => {
      for (const active of this.#active.values()) abort(active);
    }, timing.graceMs);
    await Promise.all([...this.#active.values()].map(({ ended }) => ended)).finally(() => clearTimeout(patience));
    await this.#leases.close();
  }

  async #claim(): Promise<boolean> {
    const { concurrencyCount } = this.#parts.timing;
    for (const { session } of this.#active.values()) session?.look();
    const limit = concurrencyCount - this.#active.size;
    this.#isBehind = limit <= 0;
    if (this.#known.length === 0) return false;
    if (limit <= 0) {
      await this.#lookAtClock();
      return false;
    }
    const suspectCount = this.#isTimeForSuspect() ? await this.#take(1, true) : 0;
    const room = limit - suspectCount;
    this.#isBehind = room === 0 || (await this.#take(room, false)) === room;
    return this.#active.size < concurrencyCount && this.#isBehind;
  }

  /** Claims and starts runs. Returns how many were claimed. */
  async #take(limit: number, suspects: boolean): Promise<number> {
    const { runs, runBy, timing, clock } = this.#parts;
    const sentMs = clock.monotonicMs();
    const held = [...this.#active.keys()];
    const options = { limit, suspects, known: this.#known, held, runBy, leaseMs: timing.leaseMs, reclaimUntilMs: this.#reclaimUntilMs };
    const { claims, databaseMs } = await runs.claim(options);
    this.#looked(databaseMs);
    this.#startAll(claims, sentMs);
    return claims.length;
  }

  /**
   * A process that has no room for more looks at the clock only: it must not take its own business for a silence of the database. It does not do so at
   * each wake, since it costs a connection while the pool is full.
   */
  async #lookAtClock(): Promise<void> {
    const { runs, timing, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#clockAskedMs < timing.pollMs / 2) return;
    this.#clockAskedMs = nowMs;
    this.#looked(await runs.now(timing.leaseMs / RENEWALS_PER_LEASE));
  }

  /** While the database was away no living process could renew its leases: those that have ended are then left for the time of a lease. */
  #looked(databaseMs: number): void {
    this.#reclaimUntilMs = this.#guard.looked(databaseMs) ? databaseMs + this.#guard.goodForMs : 0;
  }

  /**
   * Runs that killed their runners are worked one at a time: the innocent among them are not drawn along again and again. They are looked for before all
   * others, or they would wait as long as others are due; and not more often than these come by themselves.
   */
  #isTimeForSuspect(): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#suspectsAskedMs < this.#parts.timing.pollMs / 2) return false;
    if ([...this.#active.values()].some(({ claim }) => claim.deaths >= DEATHS_BEFORE_SUSPECT)) return false;
    this.#suspectsAskedMs = nowMs;
    return true;
  }

  /** Starts runs. Their leases are renewed from now on, also while their records are read. */
  #startAll(claims: readonly RunClaim[], sentMs: number): void {
    const resumed = new Set(claims.filter((claim) => claim.fence !== "1" && !this.#isDeadly(claim)));
    const read = resumed.size === 0 ? undefined : this.#records.begin([...resumed]);
    for (const claim of claims) this.#start(claim, resumed.has(claim) ? read : undefined, sentMs);
  }

  /** Whether a run is only set aside. Its records are not read: that may be what kills its runners. */
  #isDeadly({ deaths }: RunClaim): boolean {
    return deaths >= this.#parts.timing.deathsCount;
  }

  #start(claim: RunClaim, read: ReadRecords | undefined, sentMs: number): void {
    const workflow = this.#parts.workflows.bodies.get(`${claim.workflow}@${claim.version}`);
    if (workflow === undefined) return;
    let lease: Lease<RunClaim> | undefined;
    // Each attempt for itself, as long as it may take: a run goes on for longer.
    const tellOfAttempt = (name: string, forMs: number) =>
      this.#parts.tellThread?.({ id: claim.id, fence: claim.fence, name, forMs }, (sinceMs) => lease?.renewed(sinceMs));
    const attempts = new StepAttempts({ ...this.#parts, lease: () => lease, whileBlocked: tellOfAttempt }, claim);
    const active: Active = { claim, workflow, attempts, session: undefined, ended: Promise.resolve() };
    this.#active.set(claim.id, active);
    lease = this.#leases.hold(claim, sentMs, (reason) => {
      attempts.log.warn({ err: reason }, "a run is stopped here");
      abort(active);
    });
    active.ended = this.#work(active, read).finally(() => {
      lease?.release();
      this.#active.delete(claim.id);
      if (this.#isBehind) this.#task.wake();
    });
  }

  async #work(active: Active, read: ReadRecords | undefined): Promise<void> {
    const { runs, timing } = this.#parts;
    const { claim, attempts } = active;
    const giveBack = (waitMs: number) => (active.session === undefined ? runs.giveBackUnbegun(claim, waitMs) : runs.giveBack(claim, waitMs));
    try {
      if (this.#isDeadly(claim)) {
        const reason = `Its runner died ${claim.deaths} times without any progress of the run.`;
        attempts.log.error({ deaths: claim.deaths }, "a run is stuck: it may kill its runners");
        await attempts.statement(() => runs.stuck(claim, reason));
        return;
      }
      const reading = read === undefined ? { records: [] } : await read(claim);
      if (reading !== undefined && !("records" in reading)) {
        if ("unreadable" in reading)
          attempts.log.warn({ err: reading.unreadable }, "the steps of a run could not be read; it is taken up again later");
        await attempts.statement(() => giveBack("unreadable" in reading ? timing.sweepMs : timing.pollMs));
        return;
      }
      if (reading !== undefined && !this.#isClosing && !attempts.isOver) {
        active.session = this.#session(active, reading.records);
        if ((await active.session.work()) !== "lost") return;
      }
      // One that was aborted because the process stops is still ours, and need not wait for its lease to end.
      if (!(await attempts.statement(() => giveBack(0)))) attempts.log.warn({}, "another runner has a run now");
    } catch (error) {
      attempts.log.warn({ err: error }, "a run could not go on here; it is taken up again when its lease ends");
      // Sooner, if that can be said. A lease that ends by itself counts as a death of its runner.
      await attempts.statement(() => giveBack(timing.pollMs)).catch(() => {});
    }
  }

  #session({ claim, workflow, attempts }: Active, records: readonly StepRecord[]): RunSession {
    const { workflows, runs, steps, timing, random, clock, wheel } = this.#parts;
    const parts = { claim, runs, steps, attempts, timing, random, clock, wheel };
    return new RunSession({ ...parts, host: workflows.host, workflow, records });
  }
}

/** Cancels what runs of a run: it is not this process's any more, or did not stop in time. */
function abort({ attempts, session }: Active): void {
  attempts.abort();
  session?.abort();
}

/** Has a second thread renew runs that are between two steps as well, or whose step has not begun, while the steps of others block this thread. They have no time of their own. */
function whileBlocked({ context, tellThread }: WorkflowRunnerParts): WhileBlocked<RunClaim> | undefined {
  if (tellThread === undefined) return undefined;
  return ({ id, fence, workflow }, onRenewed) => tellThread({ id, fence, name: `${context}.${workflow}`, forMs: 0 }, onRenewed);
}
