import { catalogueError } from "../../kernel/holon-error.ts";
import { OpenThings } from "../../kernel/lifecycle.ts";
import { type AloneChannel, runJobAlone, serveAlone } from "../../work/jobs/alone-child.ts";
import { type CoreOptions, openCore } from "./open-core.ts";

/**
 * Runs, in a child process, the one job that its parent sends. The child hosts the contexts of its parent, listens on no port, and takes work from no queue.
 *
 * Errors: those of the parts that could not be opened.
 */
export async function serveJobAlone(options: CoreOptions, channel: AloneChannel): Promise<void> {
  const { edge: _edge, mesh: _mesh, ...rest } = options.plan;
  const open = new OpenThings(options.log);
  const { hosted, database, clock, wheel, log, random, newId } = await openCore({ ...options, plan: { ...rest, roles: [], workersCount: 0 } }, open);
  serveAlone(channel, async (request) => {
    const context = hosted.find(({ name }) => name === request.context);
    const store = database.stores.get(request.context);
    if (context === undefined || store === undefined) throw catalogueError("NOT_FOUND", `The context ${request.context} is not hosted here.`);
    await runJobAlone({ module: context.module, handlers: context.jobs, store, services: { clock, wheel, log, random, newId } }, request);
  });
}
