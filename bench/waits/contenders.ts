import type { WaitsContender } from "./contender.ts";
import { holonEvents } from "./events-holon.ts";
import { rawEvents } from "./events-raw.ts";
import { holonJobs } from "./jobs-holon.ts";
import { rawJobs } from "./jobs-raw.ts";
import { holonWorkflows } from "./workflows-holon.ts";
import { rawCommits } from "./workflows-raw.ts";

/** The contenders of the benches of background work, by bench and name. */
export const waitsContenders: Readonly<Record<string, Readonly<Record<string, WaitsContender>>>> = {
  jobs: {
    "bullmq-redis": rawJobs("redis"),
    "holon-redis": holonJobs("redis"),
    "bullmq-postgres": rawJobs("postgres"),
    "holon-postgres": holonJobs("postgres"),
  },
  events: {
    "bullmq-redis": rawEvents("redis"),
    "holon-redis": holonEvents("redis"),
    "bullmq-postgres": rawEvents("postgres"),
    "holon-postgres": holonEvents("postgres"),
  },
  workflows: { postgres: rawCommits, holon: holonWorkflows(16), "holon-pool-5": holonWorkflows(5) },
};
