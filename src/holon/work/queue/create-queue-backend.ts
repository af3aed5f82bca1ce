import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
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
      /** Default: `holon_queue`. No other app may use the schema. */
      readonly schema?: string;
      /** Connections for adding and finishing jobs. Default: 5. Each worker holds one more. */
      readonly max?: number;
    };

/** The services of the process that the queues use. */
export interface QueueServices {
  readonly log: Logger;
  readonly clock: Clock;
  /** Keeps the queues of several apps apart on one Redis. */
  readonly prefix: string;
}

/**
 * Opens the queues, and loads only the driver of their place.
 *
 * Errors: UNAVAILABLE - the Postgres of the queues cannot be reached. A Redis that is away is no error: events and jobs wait in the outbox until it is back.
 */
export async function createQueueBackend(place: QueuePlace, { log, clock, prefix }: QueueServices): Promise<QueueBackend> {
  const own = log.child({ part: "queues" });
  const driver =
    place.kind === "redis"
      ? await openRedisDriver(place.url, prefix, clock, own)
      : await openPostgresDriver(place.url, place.schema ?? "holon_queue", place.max, clock, own);
  return new BullBackend(driver, { clock, log: own });
}
