import type { ContextModule } from "holon";
import { orders } from "./context.ts";
import { events } from "./events.ts";
import { jobs } from "./jobs.ts";
import { procedures } from "./procedures.ts";
import { rules } from "./rules.ts";
import { workflows } from "./workflows.ts";

/** The orders context with its handlers. */
export const ordersModule: ContextModule = orders.implement({ procedures, events, jobs, workflows, rules });
