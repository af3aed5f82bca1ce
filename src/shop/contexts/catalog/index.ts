import type { ContextModule } from "holon";
import { catalog } from "./context.ts";
import { events } from "./events.ts";
import { jobs } from "./jobs.ts";
import { procedures } from "./procedures.ts";
import { rules } from "./rules.ts";

/** The catalog context with its handlers. */
export const catalogModule: ContextModule = catalog.implement({ procedures, events, jobs, rules });
