/** A statement that Drizzle asks to run. */
export interface StatementRequest {
  readonly text: string;
  readonly params: readonly unknown[];
  /** True if the query was prepared by name. Other queries are prepared when they repeat. */
  readonly prepare: boolean;
  readonly rows: "arrays" | "objects";
  /**
   * Whether it must not wait for transactions that hold all slots of the pool. Such a statement keeps those transactions alive, or checks that the database
   * answers. In a transaction it has no effect.
   */
  readonly isUrgent?: boolean;
}

/** Runs statements for one scope: each on its own connection, or all in one transaction. */
export interface StatementRunner {
  run(request: StatementRequest): Promise<unknown[]>;
}
