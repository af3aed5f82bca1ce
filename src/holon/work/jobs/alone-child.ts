import type { ContextWorkDeps } from "../engine/task.ts";
import { type WorkData, WorkDatabase } from "../engine/work-database.ts";
import type { JobHandler } from "./job-call.ts";
import { JobExecutor } from "./job-executor.ts";
import { JobSender } from "./job-sender.ts";
import { JobTable } from "./job-table.ts";
import { DEFAULT_JOB_TIMING } from "./job-timing.ts";
import { JobWrites } from "./job-writes.ts";
import type { AloneMessage, AloneRequest } from "./run-alone.ts";
import type { JobModule } from "./start-job-work.ts";

/** The child's end of the channel to its parent: the child's `process`. */
export interface AloneChannel {
  /** False once the parent is gone. */
  readonly connected: boolean;
  send?(message: AloneMessage, onSent: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: AloneMessage) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
  exit(code: number): void;
}

/** Reports to the parent that this process is ready, runs the one job that the parent sends, and ends with the job or with the parent. */
export function serveAlone(channel: AloneChannel, run: (request: AloneRequest) => Promise<void>): void {
  const leave = (): void => channel.exit(1);
  // The parent may have died while this process started: no event would report that.
  if (!channel.connected) return leave();
  const tell = (message: AloneMessage): void => {
    channel.send?.(message, (error) => {
      if (error !== null) leave();
    });
  };
  channel.on("disconnect", leave);
  channel.on("message", (message) => {
    if (message.kind !== "run") return;
    run(message.request).then(
      () => tell({ kind: "ended" }),
      // The end of the run could not be written. The parent counts this as a death: it cannot know better.
      leave,
    );
  });
  tell({ kind: "ready" });
}

interface AloneJobDeps {
  readonly module: JobModule;
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly store: WorkData;
  readonly services: ContextWorkDeps;
}

/** Runs the job that the parent holds, in the child, and writes how the run ended. */
export async function runJobAlone({ module, handlers, store, services }: AloneJobDeps, request: AloneRequest): Promise<void> {
  const { name: context, jobs } = module;
  const { clock, wheel, random } = services;
  const log = services.log.child({ context, alone: true });
  const database = new WorkDatabase(store, clock);
  const table = new JobTable({ database, names: Object.keys(jobs), clock });
  const sender = new JobSender({ context, jobs, table, backend: undefined, log });
  const writes = new JobWrites({ clock, wheel, random, leaseMs: DEFAULT_JOB_TIMING.leaseMs });
  const claim = await writes.run(() => table.held(request.id, request.attempt));
  if (claim === undefined) return;
  const executor = new JobExecutor({ context, jobs, handlers, table, sender, writes, clock, wheel, log, random });
  await executor.execute(executor.hold(claim));
}
