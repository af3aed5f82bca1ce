/** What Drizzle wants run. */
export interface StatementRequest {
  readonly text: string;
  readonly params: readonly unknown[];
  /** True where the query was prepared by name; others are prepared when they repeat. */
  readonly prepare: boolean;
  readonly rows: "arrays" | "objects";
  /** Whether it must not wait for transactions that keep all places of the pool: it keeps them alive, or tells that the database answers. In a transaction it means nothing. */
  readonly isUrgent?: boolean;
}

/** Runs statements for one scope: each on a connection of its own, or all in one transaction. */
export interface StatementRunner {
  run(request: StatementRequest): Promise<unknown[]>;
}
