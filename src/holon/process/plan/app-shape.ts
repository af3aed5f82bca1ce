/** The parts of one context of the app that the plan of a process is made from. */
export interface ContextShape {
  readonly name: string;
  /** Contexts that its handlers call. */
  readonly calls: readonly string[];
  /** Contexts whose events it handles. */
  readonly subscribesTo: readonly string[];
  /** Whether any of its procedures can be called from outside, that is, is not `internal`. */
  readonly hasPublicProcedures: boolean;
  /** Whether it stores data: in tables of its own, or in the toolkit's tables for events, jobs and keys. */
  readonly hasTables: boolean;
  /** Number of queues that a process with the role `jobs` takes work from for this context. */
  readonly workersCount: number;
}

/** Contexts that may call each other in a circle, and why that is right. */
export interface AllowedCycle {
  readonly contexts: readonly string[];
  readonly reason: string;
}

/** An app without its code: the parts that decide whether a topology is possible. */
export interface AppShape {
  readonly name: string;
  readonly contexts: readonly ContextShape[];
  readonly allowedCycles?: readonly AllowedCycle[];
}
