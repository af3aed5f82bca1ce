import type { Closable } from "../../kernel/index.ts";
import type { CountWork } from "../../observe/index.ts";
import { Task, type TaskDeps } from "../engine/task.ts";
import { persistently } from "../jobs/persistently.ts";
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
}

/** A run at work here. */
interface Active {
  readonly claim: RunClaim;
  readonly attempts: StepAttempts;
  readonly session: RunSession;
  readonly ended: Promise<void>;
}

/** Claims runs that are due, several at once, and works each in a session of its own, as long as its lease is kept. */
export class WorkflowRunner implements Closable {
  readonly #parts: WorkflowRunnerParts;
  readonly #known: readonly string[];
  readonly #active = new Map<string, Active>();
  readonly #task: Task;
  readonly #leases: NodeJS.Timeout;
  /** Whether there may be due runs that there was no room for. */
  #isBehind = false;

  constructor(parts: WorkflowRunnerParts) {
    const { timing } = parts;
    this.#parts = parts;
    this.#known = [...parts.workflows.bodies.keys()];
    this.#task = new Task({ ...parts, task: "workflows", everyMs: timing.pollMs, run: () => this.#claim() });
    this.#leases = setInterval(() => void this.#renew(), timing.leaseMs / 3);
    this.#leases.unref();
  }

  /** Looks for runs that are due. */
  wake(): void {
    this.#task.wake();
  }

  /** Runs at work here. */
  get activeCount(): number {
    return this.#active.size;
  }

  async close(): Promise<void> {
    const { timing } = this.#parts;
    await this.#task.close();
    for (const { session } of this.#active.values()) session.stop();
    const patience = setTimeout(() => {
      for (const { attempts } of this.#active.values()) attempts.abort();
    }, timing.graceMs);
    await Promise.all([...this.#active.values()].map(({ ended }) => ended)).finally(() => clearTimeout(patience));
    clearInterval(this.#leases);
  }

  async #claim(): Promise<boolean> {
    const { runs, steps, runBy, timing } = this.#parts;
    const { leaseMs, concurrencyCount } = timing;
    const limit = concurrencyCount - this.#active.size;
    this.#isBehind = limit <= 0;
    if (limit <= 0) return false;
    const options = { known: this.#known, held: [...this.#active.keys()], runBy, leaseMs };
    let claims = await runs.claim({ ...options, limit, suspects: false });
    this.#isBehind = claims.length === limit;
    // Those that killed their runners are run one at a time: the innocent among them are not drawn along again and again.
    const hasSuspect = [...this.#active.values()].some(({ claim }) => claim.deaths >= DEATHS_BEFORE_SUSPECT);
    if (claims.length === 0 && !hasSuspect) claims = await runs.claim({ ...options, limit: 1, suspects: true });
    if (claims.length === 0) return false;
    const seen = claims.filter(({ fence }) => fence !== "1");
    const records = seen.length === 0 ? [] : await steps.load(seen.map(({ id }) => id));
    for (const claim of claims) this.#start(claim, records);
    return this.#active.size < concurrencyCount && claims.length === limit;
  }

  #start(claim: RunClaim, records: readonly StepRecord[]): void {
    const { workflows, runs, steps, timing, random } = this.#parts;
    const workflow = workflows.bodies.get(`${claim.workflow}@${claim.version}`);
    if (workflow === undefined) return;
    const attempts = new StepAttempts(this.#parts, claim);
    const own = records.filter(({ runId }) => runId === claim.id);
    const session = new RunSession({ claim, runs, steps, attempts, timing, random, host: workflows.host, workflow, records: own });
    const ended = this.#work(claim, session, attempts).finally(() => {
      this.#active.delete(claim.id);
      if (this.#isBehind) this.#task.wake();
    });
    this.#active.set(claim.id, { claim, attempts, session, ended });
  }

  async #work(claim: RunClaim, session: RunSession, attempts: StepAttempts): Promise<void> {
    const { runs, timing, clock } = this.#parts;
    try {
      if (claim.deaths >= timing.deathsCount) {
        const reason = `Its runner died ${claim.deaths} times without any progress of the run.`;
        attempts.log.error({ deaths: claim.deaths }, "a run is stuck: it may kill its runners");
        await persistently(clock, timing.leaseMs, () => runs.stuck(claim, reason));
        return;
      }
      const end = await session.work();
      if (end !== "lost") return;
      // One that was aborted because the process stops is still ours, and need not wait for its lease to end.
      if (!(await runs.giveBack(claim, 0))) attempts.log.warn({}, "a run is somebody else's now");
    } catch (error) {
      attempts.log.warn({ err: error }, "a run could not go on here; it is taken up again when its lease ends");
      // Sooner, where that can be said.
      await runs.giveBack(claim, timing.pollMs).catch(() => {});
    }
  }

  async #renew(): Promise<void> {
    const { runs, timing, log } = this.#parts;
    const held = [...this.#active.values()];
    if (held.length === 0) return;
    try {
      const kept = await runs.renew(
        held.map(({ claim }) => claim),
        timing.leaseMs,
      );
      for (const { claim, attempts } of held) if (!kept.has(claim.id) && this.#active.get(claim.id)?.attempts === attempts) attempts.abort();
    } catch (error) {
      log.warn({ err: error }, "the leases of runs could not be renewed");
    }
  }
}
