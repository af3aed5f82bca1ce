import type { EnqueueOptions } from "../define/handler-context.ts";
import { PayloadError } from "./payload-error.ts";

/** Longest delay of a job, a year. */
const GREATEST_DELAY_MS = 365 * 24 * 3_600_000;

/** Greatest priority that BullMQ accepts. */
const GREATEST_PRIORITY = 2 ** 21 - 1;

/** Greatest length of a deduplication key. The key becomes part of an index. */
const GREATEST_KEY_LENGTH = 200;

/**
 * Refuses options that the tables or the queues would refuse.
 *
 * Here they only roll back their own transaction. Refused later by a table or a queue, they would hold up other jobs again and again.
 */
export function assertEnqueueOptions(what: string, { delayMs, priority, deduplicationKey }: EnqueueOptions): void {
  const refuse = (name: string, value: unknown, bounds: string): never => {
    throw new PayloadError(`${name} of ${what} is ${String(value)}; it must be ${bounds}`);
  };
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= GREATEST_DELAY_MS)) refuse("delayMs", delayMs, `0 to ${GREATEST_DELAY_MS}`);
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= GREATEST_PRIORITY))
    refuse("priority", priority, `an integer from 0 to ${GREATEST_PRIORITY}`);
  if (deduplicationKey !== undefined && !isWithin(deduplicationKey))
    refuse("the length of deduplicationKey", deduplicationKey.length, `1 to ${GREATEST_KEY_LENGTH}`);
}

function isWithin({ length }: string): boolean {
  return length >= 1 && length <= GREATEST_KEY_LENGTH;
}
