import { z } from "zod";
import type { Principal } from "../../kernel/index.ts";

const PrincipalShape = z.custom<Principal>((value) => typeof value === "object" && value !== null);

/** One event as it travels to one subscriber. */
const Message = z.object({
  /** Identifies it for ever. */
  id: z.uuid(),
  /** In the producer's outbox. */
  position: z.int(),
  name: z.string(),
  key: z.string().nullable(),
  keyNumber: z.int().nullable(),
  /** Number of the event of this key that the subscriber must have worked off before; null where there is none. */
  needs: z.int().nullable(),
  /** Whether that one is known to come. */
  needsSurely: z.boolean(),
  payload: z.unknown(),
  traceparent: z.string().nullable(),
  initiator: PrincipalShape,
});

/** One event as it travels to one subscriber. */
export type EventMessage = z.output<typeof Message>;

/** What a job on a queue `events.<subscriber>` carries. */
export const EventBatch = z.object({ producer: z.string(), events: z.array(Message) });

export type EventBatch = z.output<typeof EventBatch>;

/** What a job on a queue `ack.<producer>` carries: what a subscriber has taken, or what it wants to hear. */
export const AckMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("taken"), subscriber: z.string(), events: z.array(z.object({ id: z.uuid(), position: z.int() })) }),
  z.object({ kind: z.literal("subscribe"), subscriber: z.string(), events: z.array(z.string()) }),
]);

export type AckMessage = z.output<typeof AckMessage>;

/** The queue on which a subscriber takes events. */
export function eventQueue(subscriber: string): string {
  return `events.${subscriber}`;
}

/** The queue on which a producer hears what became of its events. */
export function ackQueue(producer: string): string {
  return `ack.${producer}`;
}
