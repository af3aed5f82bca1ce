import type { Figures } from "../measure.ts";

/** The backend of the queues. */
export type QueueKind = "redis" | "postgres";

/** The addresses that one contender gets. All contenders of a run use the same Redis and the same Postgres, one after the other. */
export interface Places {
  readonly redisUrl: string;
  /** The contender's own database, on the shared server. */
  readonly databaseUrl: string;
}

/** A running contender. */
export interface WaitsClient {
  /** Measures one round: `count` pieces of work, `concurrency` at once. */
  measure(concurrency: number, count: number): Promise<Figures>;
  close(): Promise<void>;
}

/** A way to process background work. */
export interface WaitsContender {
  start(places: Places): Promise<WaitsClient>;
}
