import { z } from "zod";
import type { Principal } from "../../kernel/index.ts";
import type { TakenEvent } from "../outbox/subscriptions.ts";

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
  /**
   * Whether that one is still to come, as far as the producer knows: it has the event, and does not know that it was taken. Only what is sent again tells
   * that it was. So a subscriber that does not know the event before, because it has forgotten it, does not acknowledge this one.
   */
  needsSurely: z.boolean(),
  payload: z.unknown(),
  traceparent: z.string().nullable(),
  initiator: PrincipalShape,
});

/** One event as it travels to one subscriber. */
export type EventMessage = z.output<typeof Message>;

/** What a job on a queue `events.<subscriber>` carries. */
export interface EventBatch {
  readonly producer: string;
  readonly events: readonly EventMessage[];
}

/** What a job on a queue `ack.<producer>` carries: what a subscriber has taken, or what it wants to hear. */
export type AckMessage =
  | { readonly kind: "taken"; readonly subscriber: string; readonly events: readonly TakenEvent[] }
  | { readonly kind: "subscribe"; readonly subscriber: string; readonly events: readonly string[] };

/** A message as it was read: what this version understands of it, and whether that is all. Members that it does not know are ignored. */
export interface ReadMessage<Message> {
  readonly message: Message;
  /** The entries that it does not understand, as they are. */
  readonly unknown: readonly unknown[];
}

const Batch = z.object({ producer: z.string(), events: z.array(z.unknown()) });
const Ack = z.object({ kind: z.enum(["taken", "subscribe"]), subscriber: z.string(), events: z.array(z.unknown()) });
const Taken = z.object({ id: z.uuid(), position: z.int() });

/** Reads what a job on a queue `events.<subscriber>` carries. Shape: undefined where it is not a batch of events. */
export function readEventBatch(data: unknown): ReadMessage<EventBatch> | undefined {
  const batch = Batch.safeParse(data).data;
  if (batch === undefined) return undefined;
  const { known, unknown } = readEach(Message, batch.events);
  return { message: { producer: batch.producer, events: known }, unknown };
}

/** Reads what a job on a queue `ack.<producer>` carries. Shape: undefined where it is of another kind. */
export function readAck(data: unknown): ReadMessage<AckMessage> | undefined {
  const ack = Ack.safeParse(data).data;
  if (ack === undefined) return undefined;
  const { kind, subscriber } = ack;
  if (kind === "subscribe") {
    const { known: events, unknown } = readEach(z.string(), ack.events);
    return { message: { kind, subscriber, events }, unknown };
  }
  const { known: events, unknown } = readEach(Taken, ack.events);
  return { message: { kind, subscriber, events }, unknown };
}

/** Events of a message as they came: members that this version does not know are for others. */
export function asTheyCame(data: unknown, messages: readonly EventMessage[]): readonly unknown[] {
  const ids = new Set<unknown>(messages.map(({ id }) => id));
  const { events } = data as { readonly events: readonly ({ readonly id?: unknown } | null)[] };
  return events.filter((event) => ids.has(event?.id));
}

function readEach<Entry>(schema: z.ZodType<Entry>, entries: readonly unknown[]): { readonly known: Entry[]; readonly unknown: unknown[] } {
  const [known, unknown]: [Entry[], unknown[]] = [[], []];
  for (const entry of entries) {
    const read = schema.safeParse(entry);
    if (read.success) known.push(read.data);
    else unknown.push(entry);
  }
  return { known, unknown };
}

/** The queue on which a subscriber takes events. */
export function eventQueue(subscriber: string): string {
  return `events.${subscriber}`;
}

/** The queue on which a producer hears what became of its events. */
export function ackQueue(producer: string): string {
  return `ack.${producer}`;
}
