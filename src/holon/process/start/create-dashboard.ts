import type { ContextData } from "../../data/context-data.ts";
import type { ContextModule } from "../../define/define-context.ts";
import type { OpenThings } from "../../kernel/lifecycle.ts";
import type { DashboardDeps, SignIn } from "../../ops/dashboard/dashboard-deps.ts";
import { createWorkAdmin, type WorkAdmin } from "../../work/admin/work-admin.ts";
import { jobQueues } from "../../work/jobs/job-queues.ts";
import { createQueueBackend } from "../../work/queue/bull-backend.ts";
import type { QueueBackend } from "../../work/queue/queue-backend.ts";
import type { App } from "../app/define-app.ts";
import { queuesOf } from "./context-work.ts";
import type { Core } from "./open-core.ts";
import { askOf, edgeAuthenticate } from "./open-edge.ts";
import { queuePlaceOf, type Work } from "./start-work.ts";

interface CreateDashboardDeps {
  readonly app: App;
  readonly core: Core;
  /** Undefined in a process that does no background work. */
  readonly work: Work | undefined;
  readonly admins: readonly WorkAdmin[];
  readonly open: OpenThings;
}

/** The dashboard of one process: the queues of the whole app, and the background work of the contexts hosted here. */
export function createDashboard({ app, core, work, admins, open }: CreateDashboardDeps): DashboardDeps {
  const { plan, secret, clock } = core;
  return {
    appName: plan.name,
    secret,
    isWriteAllowed: plan.opsWrite,
    authenticate: edgeAuthenticate(app.authenticate, askOf(core)),
    signIn: signInOf(app, core),
    queues: app.contexts.flatMap(shownQueues),
    backend: work?.backend === undefined ? openLater(core, open) : async () => work.backend,
    admins: () => admins,
    clock,
  };
}

function signInOf({ opsSignIn }: App, core: Core): SignIn | undefined {
  if (opsSignIn === undefined) return undefined;
  const ask = askOf(core);
  return async (credentials) => opsSignIn(credentials, ask);
}

/** A context without jobs shows the queue that its first job would go to, so that the queue is not missing from the list. */
function shownQueues(module: ContextModule): readonly string[] {
  const queues = queuesOf(module);
  return queues.length > 0 ? queues : jobQueues(module.name, {}).map(({ queue }) => queue);
}

/** Connects to the queues when they are first shown, in a process that takes no work from them. */
function openLater({ plan, database, clock, log }: Core, open: OpenThings): () => Promise<QueueBackend | undefined> {
  let opened: Promise<QueueBackend> | undefined;
  open.add("queues of the dashboard", {
    close: async () => {
      await (await opened?.catch(() => undefined))?.close();
    },
  });
  return async () => {
    const place = queuePlaceOf(plan, database.url);
    if (place === undefined) return undefined;
    opened ??= createQueueBackend(place, { log, clock, prefix: plan.queuePrefix });
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
}

/** The admin interface of one context, in a process that hosts it or on the command line. Without a backend, it reaches no queue. */
export function createAdmin(
  module: ContextModule,
  store: ContextData,
  { clock, log }: Pick<Core, "clock" | "log">,
  backend?: QueueBackend | undefined,
): WorkAdmin {
  return createWorkAdmin({ context: module.name, jobs: module.jobs, workflows: module.workflows, events: module, store, backend, clock, log });
}

/** The admin interfaces of the contexts hosted here that have a database. */
export function createAdmins({ hosted, database, clock, log }: Core, work: Work | undefined): readonly WorkAdmin[] {
  return hosted.flatMap(({ name, module }) => {
    const store = database.stores.get(name);
    return store === undefined ? [] : [createAdmin(module, store, { clock, log }, work?.backend)];
  });
}
