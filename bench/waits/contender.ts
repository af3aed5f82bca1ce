import type { Figures } from "../measure.ts";

/** Where work waits, of the two places that queues can be in. */
export type QueueKind = "redis" | "postgres";

/** The servers that all contenders of a run share, one after the other. */
export interface Places {
  readonly redisUrl: string;
  /** A database of the contender's own, on the one server. */
  readonly databaseUrl: string;
}

/** One contender at work. */
export interface WaitsClient {
  /** One round: so many pieces of work, so many at once. */
  measure(concurrency: number, count: number): Promise<Figures>;
  close(): Promise<void>;
}

/** A way to work off what waits. */
export interface WaitsContender {
  start(places: Places): Promise<WaitsClient>;
}
