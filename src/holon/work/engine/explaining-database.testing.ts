import { type SQL, sql } from "../../data/drizzle/sql.ts";
import { WorkDatabase } from "./work-database.ts";

/** Runs each statement as `explain analyze`, and counts the rows that it read and that its filters removed. Shape: statements return no rows. */
export class ExplainingDatabase extends WorkDatabase {
  readonly #readInVain: number[] = [];
  readonly #read: number[] = [];

  /** Returns how many rows the filters of each statement removed, for the statements since the last call, in order. */
  takeReadInVain(): readonly number[] {
    return this.#readInVain.splice(0);
  }

  /** Returns the most rows that one node of a statement's plan returned, for each statement since the last call, in order. */
  takeRead(): readonly number[] {
    return this.#read.splice(0);
  }

  override async rows<Row>(task: string, statement: SQL): Promise<readonly Row[]> {
    const plan = JSON.stringify(await super.rows(task, sql`explain (analyze) ${statement}`));
    const counts = [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, count]) => Number(count));
    this.#readInVain.push(counts.reduce((sum, count) => sum + count, 0));
    const given = [...plan.matchAll(/actual time=\S+ rows=([\d.]+) loops=(\d+)/g)].map(([, rows, loops]) => Number(rows) * Number(loops));
    this.#read.push(Math.max(...given));
    return [];
  }
}
