/** What Drizzle wants run. */
export interface StatementRequest {
  readonly text: string;
  readonly params: readonly unknown[];
  /** True where the query was prepared by name; others are prepared when they repeat. */
  readonly prepare: boolean;
  readonly rows: "arrays" | "objects";
}

/** Runs statements for one scope: each on a connection of its own, or all in one transaction. */
export interface StatementRunner {
  run(request: StatementRequest): Promise<unknown[]>;
}
