import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { type RunData, RunStore } from "./run-store.ts";
import type { RunState } from "./workflow-run.ts";

/** A step, as operators see it. */
interface ListedStep {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly attempts: number;
  readonly reason: string | null;
}

/** A run, as operators see it. */
interface ListedRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly key: string;
  readonly state: RunState;
  readonly reason: string | null;
  /** As ISO 8601. */
  readonly startedAt: string;
  /** In the order in which the body reached them. */
  readonly steps: readonly ListedStep[];
}

/** How many runs of a context are in each state. */
interface RunCounts extends Readonly<Record<RunState, number>> {
  /** How long the oldest due run has waited to be claimed; 0 if no run is due. */
  readonly oldestDueMs: number;
}

/** Which runs are listed. */
type RunFilter = "open" | "stuck" | "latest";

/** Shows the workflow runs of one context, and resumes those that are stuck: for code, the dashboard and the command line. */
export interface RunAdmin {
  /** `open` and `stuck`: the oldest first. `latest`: in any state, the youngest first. */
  runs(filter: RunFilter, limit: number): Promise<readonly ListedRun[]>;
  counts(): Promise<RunCounts>;
  /** Lets a stuck run go on where it stopped. Returns whether the run was stuck. Two calls resume it once. */
  resume(id: string): Promise<boolean>;
}

const WHICH: Readonly<Record<RunFilter, string>> = {
  open: "r.settled_at is null and r.state <> 'stuck' order by r.created_at",
  stuck: "r.state = 'stuck' order by r.created_at",
  latest: "true order by r.created_at desc",
};

const STATES: readonly RunState[] = ["waiting", "running", "sleeping", "undoing", "done", "undone", "stuck"];

/** Creates the admin interface of a context's workflows. It works even if no process runs them. */
export function createRunAdmin({ store, clock, log }: { readonly store: RunData; readonly clock: Clock; readonly log: Logger }): RunAdmin {
  const runs = new RunStore(store, clock);
  const { own, context } = runs;
  return {
    runs: (filter, limit) => runs.rows<ListedRun>("list runs", listText(own, filter), [limit]),
    async counts() {
      const counted = STATES.map((state) => `count(*) filter (where state = '${state}')::int as "${state}"`).join(", ");
      const [row] = await runs.rows<RunCounts>(
        "count runs",
        `select ${counted}, coalesce(extract(epoch from now() - min(wake_at) filter (where wake_at <= now())) * 1000, 0)::float as "oldestDueMs" from ${own}.holon_runs`,
        [],
      );
      return row as RunCounts;
    },
    async resume(id) {
      const isResumed = await resume(runs, id);
      if (isResumed) log.info({ context, runId: id }, "a stuck run is resumed");
      return isResumed;
    },
  };
}

/** A run whose body failed goes on being undone. Any other run goes on with its body. */
async function resume(runs: RunStore, id: string): Promise<boolean> {
  const { own } = runs;
  const text = `
with resumed as (
  update ${own}.holon_runs set state = case when error is null then 'waiting' else 'undoing' end, wake_at = now(), deaths = 0,
    reason = (error ->> 'code') || ': ' || (error ->> 'message')
  where id = $1::text::uuid and state = 'stuck' returning id
), again as (
  update ${own}.holon_steps set undo_attempts = 0, undo_failures = 0 where run_id in (select id from resumed) and undo_attempts > 0
)
select id from resumed`;
  return (await runs.rows("resume run", text, [id])).length > 0;
}

function listText(own: string, filter: RunFilter): string {
  return `
select r.id, r.workflow, r.version, r.key, r.state, r.reason, to_char(r.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "startedAt",
  coalesce((select json_agg(json_build_object('name', s.name, 'kind', s.kind, 'state', s.state, 'attempts', s.attempts,
    'reason', (s.error ->> 'code') || ': ' || (s.error ->> 'message')) order by s.ordinal) from ${own}.holon_steps s where s.run_id = r.id), '[]') as steps
from ${own}.holon_runs r where ${WHICH[filter]} limit $1::text::int`;
}
