import type { Closable } from "../../kernel/lifecycle.ts";
import { Leases, type WhileBlocked } from "../engine/leases.ts";
import type { ContextWorkDeps } from "../engine/task.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import { LeftWork } from "../left-work.ts";
import type { QueueBackend, QueueWorker } from "../queue/queue-backend.ts";
import type { ScheduleMap } from "../schedules/schedule.ts";
import { ScheduleTicker } from "../schedules/schedule-ticker.ts";
import { UnknownMessages } from "../unknown-messages.ts";
import { IsolatedRunner } from "./isolated-runner.ts";
import type { JobMap } from "./job.ts";
import { createJobAdmin, type JobAdmin } from "./job-admin.ts";
import { JobBatchWriter } from "./job-batch-writer.ts";
import type { JobHandler } from "./job-call.ts";
import { type JobClaim, leaseKey } from "./job-claim.ts";
import { JobExecutor } from "./job-executor.ts";
import { JobGate } from "./job-gate.ts";
import { type JobQueue, jobQueueName, jobQueues, toJobMessage } from "./job-queues.ts";
import { JobRunner } from "./job-runner.ts";
import { createJobDispatcher, type JobDispatcher, JobSender } from "./job-sender.ts";
import { JobSweeper } from "./job-sweeper.ts";
import { JobTable } from "./job-table.ts";
import { DEFAULT_JOB_TIMING, type JobTiming } from "./job-timing.ts";
import { JobWrites } from "./job-writes.ts";
import { LeftJobs } from "./left-jobs.ts";
import type { AloneRequest, RunAlone } from "./run-alone.ts";
import { UnheardClaims } from "./unheard-claims.ts";

/** While runs are short, at most this many jobs are claimed ahead, plus as many as run at once. */
const AHEAD_COUNT = 16;

/** The jobs and schedules of a context. */
interface JobModule {
  readonly name: string;
  readonly jobs: JobMap;
  readonly schedules: ScheduleMap;
}

interface JobWorkDeps {
  readonly module: JobModule;
  /** The compiled handlers of the context, by the name of their job. */
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly store: WorkData;
  readonly backend: QueueBackend;
  readonly services: ContextWorkDeps;
  readonly runAlone: RunAlone;
  readonly timing?: Partial<JobTiming>;
}

/** The jobs and schedules of one context, in one process. */
export interface JobWork extends Closable, JobAdmin {
  /** Called by the publisher of the outbox. */
  readonly dispatch: JobDispatcher;
  /** Looks now for jobs of dead processes and for jobs that a queue lost. */
  sweep(): Promise<void>;
  /** Fires the schedules that are due now. */
  tick(): Promise<void>;
  /** Takes no new jobs, lets running jobs finish within the grace time, and gives back the others. */
  close(): Promise<void>;
}

/**
 * Works on the jobs and schedules of one context in this process. Any number of other processes may do the same.
 *
 * Guarantee: a job that was enqueued runs until it is done or has failed for good, whatever queue or process is lost meanwhile. It runs at least once. What its
 * handler writes in the transaction of `complete` is written once.
 */
export async function startJobWork(deps: JobWorkDeps): Promise<JobWork> {
  const { module, handlers, store, backend, services, runAlone } = deps;
  const { clock, timers, random, newId, board } = services;
  const timing: JobTiming = { ...DEFAULT_JOB_TIMING, ...deps.timing };
  const { name: context, jobs } = module;
  const log = services.log.child({ context });
  const database = new WorkDatabase(store, clock);
  const table = new JobTable({ database, names: Object.keys(jobs), clock, runner: newId() });
  const left = new LeftWork({ context, clock, log, count: services.left });
  const unknown = new UnknownMessages({ backend, left, newId });
  const sender = new JobSender({ context, jobs, table, backend, log });
  const writes = new JobWrites({ clock, timers, random, leaseMs: timing.leaseMs });
  const unheard = new UnheardClaims({ table, leaseMs: timing.leaseMs, clock, timers, log, random, board });
  const batchWriter = new JobBatchWriter(table, clock, timing.leaseMs, unheard);
  const leases = new Leases<JobClaim>({
    ...{ clock, timers, log, random, board, leaseMs: timing.leaseMs, task: "renew leases of jobs" },
    renew: (claims, deadlineMs) => table.renew(claims, timing.leaseMs, deadlineMs),
    whileBlocked: whileBlocked(),
  });
  const executor = new JobExecutor({ context, jobs, handlers, table, batchWriter, leases, sender, writes, clock, timers, log, random });
  const isolated = new IsolatedRunner({ context, jobs, table, leases, runAlone, leaseMs: timing.leaseMs, writes, log });
  const runner = new JobRunner({ table, executor, isolated, batchWriter, unheard, sender, writes, clock, log, leaseMs: timing.leaseMs });
  const ticker = await ScheduleTicker.start({ schedules: module.schedules, jobs, database, clock, timers, log, random, board });
  const sweeper = new JobSweeper({ context, jobs, table, sender, backend, timing, clock, timers, log, random, board });
  const [sharedQueue, ...limitedQueues] = jobQueues(context, jobs);
  const shared = startWorker(sharedQueue);
  const workers = [shared, ...limitedQueues.map(startWorker)].map(({ worker }) => worker);
  const leftJobs = new LeftJobs({
    context,
    jobs,
    table,
    sender,
    runner,
    gate: shared.gate,
    everyMs: timing.resendAnywayMs,
    clock,
    timers,
    log,
    random,
    board,
  });
  const unlisten = store.listenLeft(() => leftJobs.wake());

  function startWorker({ queue, options: work }: JobQueue): { readonly worker: QueueWorker; readonly gate: JobGate } {
    const { concurrency, rate } = work;
    const aheadCount = rate === undefined ? AHEAD_COUNT + concurrency : 0;
    const gate = new JobGate({ concurrency, aheadCount, onAhead: (count) => worker.resize(concurrency + count) });
    const othersWait = async (): Promise<boolean> => (await backend.backlog(queue)).data !== undefined;
    const worker = backend.work(queue, work, async (run) => {
      const { ids, isSuspect, isWhole } = toJobMessage(run.data);
      if (!isWhole) await unknown.leave(queue, run);
      if (ids.length === 0) return;
      if (!handlers.has(run.name)) {
        left.note("job", run.name, ids.length);
        await runner.leaveToOthers(ids, run.isRetry);
        return store.leftWork();
      }
      // A version that declares this job differently put it here. The limits of the job hold only on its own queue.
      if (jobQueueName(context, run.name, jobs) !== queue) return runner.moveOn(ids, run.isRetry);
      // With several jobs in a message, the progress of one would look like the progress of all.
      const show = ids.length === 1 ? { show: run.progress } : {};
      return runner.run(ids, { gate, isSuspect, isRetry: run.isRetry, othersWait, ...show });
    });
    return { worker, gate };
  }

  function whileBlocked(): WhileBlocked<JobClaim> | undefined {
    const tell = services.thread?.open({ context, ...store.access }, { text: table.renewal, leaseMs: timing.leaseMs });
    if (tell === undefined) return undefined;
    const timeoutOf = (name: string): number => jobs[name]?.timeoutMs ?? 0;
    return (claim, onRenewed) => tell({ ...leaseKey(claim), name: `${context}.${claim.name}`, forMs: timeoutOf(claim.name) }, onRenewed);
  }

  const stop = async (): Promise<void> => {
    unlisten();
    writes.stop();
    await ticker.close();
    await sweeper.close();
    const stopped = Promise.all([...workers.map((worker) => worker.close()), leftJobs.close(), isolated.close()]);
    const timer = setTimeout(() => executor.abort(), timing.graceMs);
    await stopped.finally(() => clearTimeout(timer));
    await runner.idle();
    await Promise.all([unheard.close(), leases.close()]);
  };
  let stopping: Promise<void> | undefined;
  return {
    dispatch: createJobDispatcher({ table, sender, left, tellOthers: () => store.leftWork() }),
    ...createJobAdmin({ context, jobs, store, backend, clock, log }),
    sweep: () => sweeper.sweep(),
    tick: () => ticker.tick(),
    close() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Runs, in the child, the job that the parent holds, and writes how the run ended. */
export async function runJobAlone(
  { module, handlers, store, services }: Pick<JobWorkDeps, "module" | "handlers" | "store" | "services">,
  request: AloneRequest,
): Promise<void> {
  const { name: context, jobs } = module;
  const { clock, timers, random } = services;
  const log = services.log.child({ context, alone: true });
  const database = new WorkDatabase(store, clock);
  const table = new JobTable({ database, names: Object.keys(jobs), clock });
  const sender = new JobSender({ context, jobs, table, backend: undefined, log });
  const writes = new JobWrites({ clock, timers, random, leaseMs: DEFAULT_JOB_TIMING.leaseMs });
  const claim = await writes.run(() => table.held(request.id, request.attempt));
  if (claim === undefined) return;
  const executor = new JobExecutor({ context, jobs, handlers, table, sender, writes, clock, timers, log, random });
  await executor.execute(executor.hold(claim));
}
