import type { ContextData } from "../../data/context-data.ts";
import type { ContextModule } from "../../define/define-context.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { createWorkConsole } from "../../work/admin/create-work-console.ts";
import type { WorkConsole } from "../../work/admin/work-console.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import type { Core } from "./open-core.ts";
import type { Work } from "./start-work.ts";

/** What an admin console is made from besides its context. */
interface ConsoleServices {
  /** Undefined if this process reaches no queue. */
  readonly backend: QueueBackend | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The admin console of one context, in a process that hosts it or on the command line. */
export function createConsole(module: ContextModule, store: ContextData, { backend, clock, log }: ConsoleServices): WorkConsole {
  return createWorkConsole({ context: module.name, jobs: module.jobs, workflows: module.workflows, events: module, store, backend, clock, log });
}

/** The admin consoles of the contexts hosted here that have a database. */
export function createConsoles({ hosted, database, clock, log }: Core, work: Work | undefined): readonly WorkConsole[] {
  return hosted.flatMap(({ name, module }) => {
    const store = database.stores.get(name);
    return store === undefined ? [] : [createConsole(module, store, { backend: work?.backend, clock, log })];
  });
}
