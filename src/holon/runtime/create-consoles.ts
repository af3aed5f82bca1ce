import { createWorkConsole, type WorkConsole } from "../work/index.ts";
import type { Core } from "./open-core.ts";
import type { Work } from "./start-work.ts";

/** The consoles of the contexts hosted here that keep anything. */
export function createConsoles({ hosted, database, clock, log }: Core, work: Work | undefined): readonly WorkConsole[] {
  return hosted.flatMap(({ name, module }) => {
    const store = database.stores.get(name);
    if (store === undefined) return [];
    return [createWorkConsole({ context: name, jobs: module.jobs, store, backend: work?.backend, resumeRun: undefined, clock, log })];
  });
}
