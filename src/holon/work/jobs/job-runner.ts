import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { IsolatedRunner } from "./isolated-runner.ts";
import type { JobBatchWriter } from "./job-batch-writer.ts";
import type { JobClaim } from "./job-claim.ts";
import type { HeldJob, JobExecutor, ShowProgress } from "./job-executor.ts";
import type { JobGate } from "./job-gate.ts";
import type { JobSender } from "./job-sender.ts";
import { DEATHS_BEFORE_ALONE, type JobTable } from "./job-table.ts";
import type { JobWrites } from "./job-writes.ts";
import type { UnheardClaims } from "./unheard-claims.ts";

interface JobRunnerDeps {
  readonly table: JobTable;
  readonly executor: JobExecutor;
  readonly isolated: IsolatedRunner;
  readonly batchWriter: JobBatchWriter;
  readonly unheard: UnheardClaims;
  readonly sender: JobSender;
  readonly writes: JobWrites;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a claim is tried again while the database cannot make it. The message stays with this process in that time. */
  readonly leaseMs: number;
}

/** How a queue hands out the jobs of one message. */
interface JobHandout {
  /** Whether the message was over on its queue, and an operator retried it there. */
  readonly isRetry: boolean;
  /** Whether the jobs were running in a process that died. */
  readonly isSuspect: boolean;
  readonly show?: ShowProgress;
  /** Limits the handlers of the queue. */
  readonly gate: JobGate;
  /** Whether other messages wait on the queue. Errors: UNAVAILABLE. */
  readonly othersWait?: () => Promise<boolean>;
}

/** While a message keeps jobs: time between two checks whether other messages wait behind it. */
const LOOK_MS = 1_000;

/** Longest time that a message keeps jobs. It is shorter than the time after which jobs that were handed out can count as lost, see {@link HandedOut}. */
const KEEP_MS = 10_000;

/**
 * Runs the jobs whose ids queues hand out. A queue may hand out an id any number of times: the row decides whether the job runs.
 *
 * I1. A job runs only if its row was claimed. A suspect job is claimed only when its turn has come: otherwise it could be charged with a death that it had no
 *     part in.
 * I2. A claimed job is run, or passed on so that another process can take it at once.
 * I3. A job that got no place in time keeps its message until a place is free, see {@link JobGate.untilFree}.
 * I4. A message keeps jobs whose turn has not come only while other messages wait on the queue, and not for long. While others wait, no process is free for
 *     these jobs. If they were put back, each would become one more message, behind all that wait.
 */
export class JobRunner {
  readonly #deps: JobRunnerDeps;
  readonly #ending = new Set<Promise<unknown>>();

  constructor(deps: JobRunnerDeps) {
    this.#deps = deps;
  }

  /**
   * Runs those jobs of a message that may run here: as many at once as {@link JobGate.roomFor} says, and the others after them. Resolves when their handlers
   * are done; the ends are written together with the next claims.
   *
   * Errors, for the dashboard: the error of the first handler that failed, after the end of its run is written.
   */
  async run(ids: readonly string[], handout: JobHandout): Promise<void> {
    await this.#rerun(ids, handout.isRetry);
    const { gate } = handout;
    gate.noteCount(ids.length);
    const isWhole = gate.roomFor(ids.length) >= ids.length;
    const outcomes = isWhole ? await this.#runTogether(ids, handout) : await this.#runInTurns(ids, handout);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #runTogether(ids: readonly string[], handout: JobHandout): Promise<PromiseSettledResult<void>[]> {
    return Promise.allSettled(ids.map((id) => this.#run(id, handout)));
  }

  /** I4. Runs a message of more jobs than should run here at once. */
  async #runInTurns(ids: readonly string[], handout: JobHandout): Promise<PromiseSettledResult<void>[]> {
    const { gate } = handout;
    const kept = [...ids];
    let turn = kept.splice(0, gate.roomFor(kept.length));
    const over = new AbortController();
    const keeping = this.#keep(kept, handout, over.signal);
    const outcomes: PromiseSettledResult<void>[] = [];
    for (; turn.length > 0; turn = kept.splice(0, gate.roomFor(kept.length))) {
      outcomes.push(...(await this.#runTogether(turn, handout)));
      if (this.#deps.writes.isStopping) break;
    }
    over.abort();
    return [...outcomes, ...(await Promise.allSettled([keeping]))];
  }

  /** I4. When a message need not keep its jobs any longer, puts them back on their queue. Resolves when it keeps none. */
  async #keep(kept: string[], { othersWait = async () => false }: JobHandout, over: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const untilMs = clock.monotonicMs() + KEEP_MS;
    while (kept.length > 0 && !over.aborted && clock.monotonicMs() < untilMs && (await othersWait().catch(() => false)))
      await sleep(LOOK_MS, undefined, { signal: over }).catch(() => {});
    if (kept.length > 0) await this.#leave(kept.splice(0));
  }

  async #run(id: string, { isSuspect, show, gate }: JobHandout): Promise<void> {
    // I1. This job was active when a process died. If it were claimed ahead of its turn and another job killed this process, that death would be counted for
    //     this job too, although it did not run yet.
    let isIn = isSuspect && (await gate.enter());
    if (isSuspect && !isIn) return this.#leave([id]).finally(() => gate.untilFree());
    let tookMs: number | undefined;
    try {
      const claim = await this.#claimOrIsolate(id);
      if (claim === undefined) return;
      const { clock, executor } = this.#deps;
      const held = executor.hold(claim);
      isIn ||= await gate.enter();
      // I2, I3.
      if (!isIn) return await this.#passOn(held).finally(() => gate.untilFree());
      const startedMs = clock.monotonicMs();
      await this.#execute(held, show).finally(() => {
        tookMs = clock.monotonicMs() - startedMs;
      });
    } finally {
      if (isIn) gate.leave(tookMs);
    }
  }

  async #claimOrIsolate(id: string): Promise<JobClaim | undefined> {
    const { table, isolated, batchWriter, unheard, writes, leaseMs } = this.#deps;
    // Whatever the outcome, the job is not requested again for this message.
    const { claim, standing } = await writes.run(() => batchWriter.claim(id), leaseMs).finally(() => unheard.giveUp(id));
    if (standing?.state === "waiting" && standing.deaths >= DEATHS_BEFORE_ALONE) isolated.add(id);
    // The message is used up, and no queue has another one for this job. So a sweeper sends the job when it is due.
    else if (standing?.state === "waiting" && !standing.is_due) await writes.run(() => table.unsent([id]), leaseMs);
    return claim;
  }

  /** Resolves when the end of each run is written or given up. */
  async idle(): Promise<void> {
    await Promise.all(this.#ending);
  }

  /** Puts the jobs of a message that came from another queue onto their own queues. */
  async moveOn(ids: readonly string[], isRetry: boolean): Promise<void> {
    await this.#rerun(ids, isRetry);
    await this.#leave(ids);
  }

  /** Takes jobs off their queue, because this process has no handler for them. The caller must notify processes that may have one. */
  async leaveToOthers(ids: readonly string[], isRetry: boolean): Promise<void> {
    const { table, writes } = this.#deps;
    await this.#rerun(ids, isRetry);
    await writes.run(() => table.unsent(ids));
  }

  /** If an operator retried the message in the dashboard, its jobs that failed for good are run again. Other jobs are left as they are. */
  async #rerun(ids: readonly string[], isRetry: boolean): Promise<void> {
    const { table, writes } = this.#deps;
    if (isRetry) for (const id of ids) await writes.run(() => table.rerun(id));
  }

  /** Puts jobs of a message back on their queue, each in its own message. */
  async #leave(ids: readonly string[]): Promise<void> {
    const { table, sender, writes } = this.#deps;
    await sender.send(await writes.run(() => table.sendAgain(ids)), { singly: true });
  }

  async #passOn({ claim, lease }: HeldJob): Promise<void> {
    const { table, sender, writes } = this.#deps;
    const job = await writes.run(() => table.passOn(claim)).finally(() => lease?.release());
    if (job !== undefined) await sender.send([job]);
  }

  #execute(held: HeldJob, show: ShowProgress | undefined): Promise<void> {
    const { executor, log } = this.#deps;
    return new Promise((resolve, reject) => {
      const ending = executor.execute(held, { show, onHandled: resolve }).then(
        (outcome) => {
          if (outcome.kind === "again" || outcome.kind === "failed") reject(outcome.error);
          else resolve();
        },
        (error: unknown) => {
          log.warn({ jobId: held.claim.id, err: error }, "the end of a job could not be written; the job waits until its lease ends");
          reject(error);
        },
      );
      this.#ending.add(ending);
      void ending.then(() => this.#ending.delete(ending));
    });
  }
}
