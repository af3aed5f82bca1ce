import type { World } from "./world.ts";

/** One behaviour of the toolkit, described once and run in every topology. */
export interface Case {
  readonly name: string;
  /** Returns what a user of the toolkit sees. A thrown error counts as a result, see {@link import("./outcome.ts").outcomeOf}. */
  readonly run: (world: World) => Promise<unknown>;
  /** The expected result, the same in each topology. */
  readonly expected: unknown;
  /** Why the calls of the case at the edge are impossible or different by REST. */
  readonly trpcOnly?: string;
}

/** Cases that belong together. */
export interface Topic {
  readonly topic: string;
  readonly cases: readonly Case[];
}

/** Names a group of cases. */
export function topic(name: string, cases: readonly Case[]): Topic {
  return { topic: name, cases };
}
