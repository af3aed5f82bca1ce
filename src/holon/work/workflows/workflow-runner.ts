import { type Closable, retry } from "../../kernel/index.ts";
import type { CountWork } from "../../observe/index.ts";
import type { TellThread } from "../engine/lease-thread.ts";
import { type Lease, Leases } from "../engine/leases.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import type { HangingRun } from "./body-watch.ts";
import type { RunClaim, StepRecord } from "./run-claim.ts";
import { RunSession } from "./run-session.ts";
import { DEATHS_BEFORE_SUSPECT, type RunStore } from "./run-store.ts";
import { StepAttempts } from "./step-attempts.ts";
import type { StepStore } from "./step-store.ts";
import type { CompiledWorkflows } from "./workflow-body.ts";
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

/** Runs whose work could not begin are given back again and again, as long as their leases may hold. */
const GIVE_BACK_RETRY = { firstMs: 100, greatestMs: 2_000 } as const;

/** A run at work here. */
interface Active {
  readonly claim: RunClaim;
  readonly session: RunSession;
  readonly ended: Promise<void>;
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

  constructor(parts: WorkflowRunnerParts) {
    const { timing } = parts;
    this.#parts = parts;
    this.#known = [...parts.workflows.bodies.keys()];
    this.#task = new Task({ ...parts, task: "workflows", everyMs: timing.pollMs, run: () => this.#claim() });
    this.#leases = new Leases({
      ...parts,
      task: "renew leases of runs",
      leaseMs: timing.leaseMs,
      renew: (claims, deadlineMs) => parts.runs.renew(claims, timing.leaseMs, deadlineMs),
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
    return [...this.#active.values()].flatMap(({ session }) => session.hanging ?? []);
  }

  async close(): Promise<void> {
    const { timing } = this.#parts;
    this.#isClosing = true;
    await this.#task.close();
    for (const { session } of this.#active.values()) session.stop();
    const patience = setTimeout(() => {
      for (const { session } of this.#active.values()) session.abort();
    }, timing.graceMs);
    await Promise.all([...this.#active.values()].map(({ ended }) => ended)).finally(() => clearTimeout(patience));
    await this.#leases.close();
  }

  async #claim(): Promise<boolean> {
    const { runs, runBy, timing } = this.#parts;
    const { leaseMs, concurrencyCount } = timing;
    for (const { session } of this.#active.values()) session.look();
    const limit = concurrencyCount - this.#active.size;
    this.#isBehind = limit <= 0;
    if (limit <= 0) return false;
    const options = { known: this.#known, held: [...this.#active.keys()], runBy, leaseMs };
    const sentMs = this.#parts.clock.monotonicMs();
    let claims = await runs.claim({ ...options, limit, suspects: false });
    this.#isBehind = claims.length === limit;
    // Those that killed their runners are run one at a time: the innocent among them are not drawn along again and again.
    const hasSuspect = [...this.#active.values()].some(({ claim }) => claim.deaths >= DEATHS_BEFORE_SUSPECT);
    if (claims.length === 0 && !hasSuspect) claims = await runs.claim({ ...options, limit: 1, suspects: true });
    if (claims.length === 0) return false;
    for (const [claim, records] of await this.#withRecords(claims)) this.#start(claim, records, sentMs);
    return this.#active.size < concurrencyCount && claims.length === limit;
  }

  /** Errors: the database's; the claims are given back, if that can be written: that they are left is no death of a runner. */
  async #withRecords(claims: readonly RunClaim[]): Promise<readonly (readonly [RunClaim, readonly StepRecord[]])[]> {
    const { steps } = this.#parts;
    const seen = claims.filter(({ fence }) => fence !== "1");
    if (seen.length === 0) return claims.map((claim) => [claim, []]);
    try {
      const records = await steps.load(seen.map(({ id }) => id));
      return claims.map((claim) => [claim, records.filter(({ runId }) => runId === claim.id)]);
    } catch (error) {
      await Promise.allSettled(claims.map((claim) => this.#giveBackUnbegun(claim)));
      throw error;
    }
  }

  /** Its lease is not renewed: once that is over, the run counts a death. */
  #giveBackUnbegun(claim: RunClaim): Promise<boolean> {
    const { runs, timing } = this.#parts;
    return retry(this.#parts, { ...GIVE_BACK_RETRY, forMs: timing.leaseMs }, () => runs.giveBack(claim, 0), { isOver: () => this.#isClosing });
  }

  #start(claim: RunClaim, records: readonly StepRecord[], sentMs: number): void {
    const { workflows, runs, steps, timing, random, clock, wheel } = this.#parts;
    const workflow = workflows.bodies.get(`${claim.workflow}@${claim.version}`);
    if (workflow === undefined) return;
    let lease: Lease<RunClaim> | undefined;
    // Each attempt for itself, as long as it may take: a run goes on for longer.
    const whileBlocked = (name: string, forMs: number) =>
      this.#parts.tellThread?.({ id: claim.id, fence: claim.fence, name, forMs }, (sinceMs) => lease?.renewed(sinceMs));
    const attempts = new StepAttempts({ ...this.#parts, whileBlocked }, claim);
    const parts = { claim, runs, steps, attempts, timing, random, clock, wheel };
    const session = new RunSession({ ...parts, host: workflows.host, workflow, records });
    lease = this.#leases.hold(claim, sentMs, (reason) => {
      attempts.log.warn({ err: reason }, "a run is stopped here");
      session.abort();
    });
    const ended = this.#work(claim, session, attempts).finally(() => {
      lease?.release();
      this.#active.delete(claim.id);
      if (this.#isBehind) this.#task.wake();
    });
    this.#active.set(claim.id, { claim, session, ended });
  }

  async #work(claim: RunClaim, session: RunSession, attempts: StepAttempts): Promise<void> {
    const { runs, timing } = this.#parts;
    try {
      if (claim.deaths >= timing.deathsCount) {
        const reason = `Its runner died ${claim.deaths} times without any progress of the run.`;
        attempts.log.error({ deaths: claim.deaths }, "a run is stuck: it may kill its runners");
        await attempts.statement(() => runs.stuck(claim, reason));
        return;
      }
      const end = await session.work();
      if (end !== "lost") return;
      // One that was aborted because the process stops is still ours, and need not wait for its lease to end.
      if (!(await attempts.statement(() => runs.giveBack(claim, 0)))) attempts.log.warn({}, "a run is somebody else's now");
    } catch (error) {
      attempts.log.warn({ err: error }, "a run could not go on here; it is taken up again when its lease ends");
      // Sooner, if that can be said. A lease that ends by itself counts as a death of its runner.
      await attempts.statement(() => runs.giveBack(claim, timing.pollMs)).catch(() => {});
    }
  }
}
