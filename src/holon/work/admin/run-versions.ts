import { sql } from "../../data/drizzle/sql.ts";
import { COUNTED_MOST, type WorkDatabase } from "../engine/work-database.ts";
import type { WorkflowMap } from "../workflows/workflow.ts";
import type { RunVersion } from "./work-console.ts";

/** How many runs of a version are open. */
interface VersionCount {
  readonly workflow: string;
  readonly version: number;
  readonly openCount: number;
}

/** Most versions that are listed: their names come from rows. */
const VERSIONS_COUNT = 100;

/** The versions of a context's workflows: which ones have open runs, and which ones have a body in this version of the app. */
export class RunVersions {
  readonly #database: WorkDatabase;
  readonly #workflows: WorkflowMap;

  constructor(database: WorkDatabase, workflows: WorkflowMap) {
    this.#database = database;
    this.#workflows = workflows;
  }

  /** Versions without a body that have open runs, and then the earlier versions whose bodies are still here. */
  async list(): Promise<readonly RunVersion[]> {
    const counted = await this.#count();
    const left = counted.filter(({ workflow, version }) => !this.#hasBody(workflow, version));
    const earlier = Object.entries(this.#workflows).flatMap(([workflow, { earlier: versions }]) =>
      Object.keys(versions).map((name) => {
        const version = Number(name);
        const openCount = counted.find((row) => row.workflow === workflow && row.version === version)?.openCount ?? 0;
        return { workflow, version, openCount };
      }),
    );
    return [
      ...left.map((row) => ({ ...row, hasBody: false, advice: adviceFor(row) })),
      ...earlier.map((row) => ({
        ...row,
        hasBody: true,
        advice: row.openCount === 0 ? `version ${row.version} may go: it has no open run` : "keep its body until its runs have ended",
      })),
    ];
  }

  /**
   * Counts the open runs of versions without a body, among the {@link COUNTED_MOST} that are due first and as many that are stuck. This is called again and
   * again. Runs that no process works on are due first after a while.
   */
  async countLeft(): Promise<readonly VersionCount[]> {
    const runs = this.#database.table("holon_runs");
    const counted = await this.#database.rows<VersionCount>(
      "count runs that are left",
      sql`select workflow, version, count(*)::int as "openCount" from (
          (select workflow, version from ${runs} where wake_at is not null order by wake_at limit ${COUNTED_MOST})
          union all (select workflow, version from ${runs} where state = 'stuck' order by created_at limit ${COUNTED_MOST})
        ) open group by 1, 2 order by 1, 2 limit ${VERSIONS_COUNT}`,
    );
    return counted.filter(({ workflow, version }) => !this.#hasBody(workflow, version));
  }

  /** Counts the open runs by version, with the two small indexes of runs that have a due time and of runs that are stuck. */
  #count(): Promise<readonly VersionCount[]> {
    return this.#database.rows<VersionCount>(
      "count open runs by version",
      sql`select workflow, version, count(*)::int as "openCount" from ${this.#database.table("holon_runs")}
        where wake_at is not null or state = 'stuck' group by 1, 2 order by 1, 2 limit ${VERSIONS_COUNT}`,
    );
  }

  #hasBody(workflow: string, version: number): boolean {
    const spec = Object.hasOwn(this.#workflows, workflow) ? this.#workflows[workflow] : undefined;
    return spec !== undefined && (spec.version === version || Object.hasOwn(spec.earlier, version));
  }
}

function adviceFor({ workflow, version }: VersionCount): string {
  return `start the version of the app that has ${workflow}@${version}, or keep its body as an earlier version`;
}
