import type { Clock, Logger } from "../../kernel/index.ts";
import { BullBackend } from "./bull-backend.ts";
import { openPostgresDriver } from "./postgres-driver.ts";
import type { QueueBackend } from "./queue-backend.ts";
import { openRedisDriver } from "./redis-driver.ts";

/** Where the queues are kept. */
export type QueuePlace =
  | { readonly kind: "redis"; readonly url: string }
  | {
      readonly kind: "postgres";
      readonly url: string;
      /** `holon_queue` where none is given; the queues of one app have it to themselves. */
      readonly schema?: string;
      /** Connections for adding and finishing jobs, 5 where none are given; each worker holds one more. */
      readonly max?: number;
    };

/** What queues need of their process. */
export interface QueueServices {
  readonly log: Logger;
  readonly clock: Clock;
  /** Keeps the queues of several apps apart on one Redis. */
  readonly prefix: string;
}

/**
 * Opens the queues. The driver of the place, and no other, is loaded here.
 *
 * Errors: UNAVAILABLE - the Postgres of the queues cannot be reached. A Redis that is away is none: what waits for it stays in the outbox.
 */
export async function createQueueBackend(place: QueuePlace, { log, clock, prefix }: QueueServices): Promise<QueueBackend> {
  const own = log.child({ part: "queues" });
  const driver =
    place.kind === "redis"
      ? await openRedisDriver(place.url, prefix, clock, own)
      : await openPostgresDriver(place.url, place.schema ?? "holon_queue", place.max, clock, own);
  return new BullBackend(driver, { clock, log: own });
}
