/** What the plan of a process needs to know of one context of the app. */
export interface ContextShape {
  readonly name: string;
  /** Contexts that its handlers call. */
  readonly calls: readonly string[];
  /** Contexts whose events it handles. */
  readonly subscribesTo: readonly string[];
  /** Whether the outside can reach any procedure of it: one that is not `internal`. */
  readonly hasPublicProcedures: boolean;
  /** Whether it keeps anything in the database: tables of its own, or the toolkit's for events, jobs and keys. */
  readonly hasTables: boolean;
  /** Queues that a process with the role `jobs` works for it. */
  readonly workersCount: number;
}

/** Contexts that may call each other in a circle, and why that is right. */
export interface AllowedCycle {
  readonly contexts: readonly string[];
  readonly reason: string;
}

/** An app without its code: all that decides whether a topology is possible. */
export interface AppShape {
  readonly name: string;
  readonly contexts: readonly ContextShape[];
  readonly allowedCycles?: readonly AllowedCycle[];
}
