import { sql } from "../../data/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { WorkflowMap } from "../workflows/workflow.ts";
import type { RunVersion } from "./work-console.ts";

interface VersionCount {
  readonly workflow: string;
  readonly version: number;
  readonly openCount: number;
}

/** Most versions that are told apart: their names come from rows. */
const VERSIONS_COUNT = 100;

/** The versions of a context's workflows: which have open runs, and which have a body in this version of the app. */
export class RunVersions {
  readonly #database: WorkDatabase;
  readonly #workflows: WorkflowMap;

  constructor(database: WorkDatabase, workflows: WorkflowMap) {
    this.#database = database;
    this.#workflows = workflows;
  }

  /** Those without a body that have open runs, then the earlier versions whose bodies are still here. */
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

  /** Runs that are open, by version; by the two small indexes of runs that are due some time, and of those that are stuck. */
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
