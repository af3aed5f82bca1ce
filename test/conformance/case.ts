import type { World } from "./world.ts";

/** One behaviour of the toolkit, described once and run in every topology. */
export interface Case {
  readonly name: string;
  /** What a user of the toolkit sees; anything thrown counts as seen, see {@link import("./outcome.ts").outcomeOf}. */
  readonly run: (world: World) => Promise<unknown>;
  /** What must be seen, the same in each topology. */
  readonly expected: unknown;
  /** Why what the case does at the edge cannot be said by REST, or is not the same there. */
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
