import type { Closable } from "../../kernel/lifecycle.ts";
import { type ContextWorkDeps, Task, type TaskDeps } from "../engine/task.ts";
import { LeftWork } from "../left-work.ts";
import { createRunAdmin, type RunAdmin } from "./run-admin.ts";
import type { HangingRun } from "./run-session.ts";
import { type RunData, RunStore } from "./run-store.ts";
import { StepStore } from "./step-store.ts";
import type { CompiledWorkflows } from "./workflow-body.ts";
import { WorkflowRunner } from "./workflow-runner.ts";
import { DEFAULT_WORKFLOW_TIMING, type WorkflowTiming } from "./workflow-timing.ts";

interface WorkflowWorkDeps {
  /** The compiled bodies of the context, and what their steps use of the context. */
  readonly workflows: CompiledWorkflows;
  readonly store: RunData;
  readonly services: ContextWorkDeps;
  readonly timing?: Partial<WorkflowTiming>;
}

/** The workflows of one context, in one process. */
export interface WorkflowWork extends Closable, RunAdmin {
  /** How many runs this process works on. */
  readonly activeCount: number;
  /** How many due runs this process leaves to others, as of its last look. */
  readonly unknownCount: number;
  /**
   * Runs of this process whose body has waited for over a minute for a promise that is not a step. Each keeps its place until it goes on, or this process
   * stops.
   */
  readonly hanging: readonly HangingRun[];
  /** Looks for due runs now. */
  wake(): void;
  /** Claims nothing more, lets steps under way end within the grace time, and gives the runs back. */
  close(): Promise<void>;
}

/**
 * Works on the workflows of one context in this process. Any number of other processes may do the same.
 *
 * Guarantee: a run that was started completes, or is undone, or is stuck and visible, whatever dies meanwhile, except the database. No queue is needed: runs
 * are claimed from the context's own tables.
 */
export function startWorkflowWork({ workflows, store, services, timing: others }: WorkflowWorkDeps): WorkflowWork {
  const { clock, timers, random, newId, board } = services;
  const timing: WorkflowTiming = { ...DEFAULT_WORKFLOW_TIMING, ...others };
  const { context } = store;
  const log = services.log.child({ context });
  const runs = new RunStore(store, clock);
  const steps = new StepStore(runs);
  const runner = new WorkflowRunner({
    context,
    workflows,
    runs,
    steps,
    runBy: newId(),
    clock,
    timers,
    log,
    random,
    board,
    timing,
    count: services.count,
    tellThread: services.thread?.open({ context, ...store.access }, { text: runs.renewal, leaseMs: timing.leaseMs }),
  });
  const left = new LeftWork({ context, clock, log, count: services.left });
  const leftRuns = new LeftRuns({ runs, known: [...workflows.bodies.keys()], everyMs: timing.sweepMs, left, clock, timers, log, random, board });
  const forget = store.listenAppended(() => runner.wake());
  runner.wake();
  let closing: Promise<void> | undefined;
  return {
    ...createRunAdmin({ store, clock, log }),
    get activeCount() {
      return runner.activeCount;
    },
    get unknownCount() {
      return leftRuns.count;
    },
    get hanging() {
      return runner.hanging;
    },
    wake: () => runner.wake(),
    close() {
      forget();
      closing ??= Promise.all([runner.close(), leftRuns.close()]).then(() => {});
      return closing;
    },
  };
}

interface LeftRunsDeps extends TaskDeps {
  readonly runs: RunStore;
  /** The versions that this process has bodies for, as `name@version`. */
  readonly known: readonly string[];
  readonly everyMs: number;
  readonly left: LeftWork;
}

/** Looks now and then for due runs that this process leaves to others, and logs them: it has no body for them, or does not understand their records. */
class LeftRuns implements Closable {
  readonly #deps: LeftRunsDeps;
  readonly #task: Task;
  #count = 0;

  constructor(deps: LeftRunsDeps) {
    this.#deps = deps;
    this.#task = new Task({ ...deps, task: "look for runs of other versions", run: () => this.#look() });
    this.#task.wake();
  }

  /** How many such runs there were at the last look. */
  get count(): number {
    return this.#count;
  }

  close(): Promise<void> {
    return this.#task.close();
  }

  async #look(): Promise<boolean> {
    const { runs, known, left } = this.#deps;
    const unknown = await runs.unknown(known);
    this.#count = unknown.reduce((sum, { count }) => sum + count, 0);
    for (const { name, count } of unknown) left.note("run", name, count);
    return false;
  }
}
