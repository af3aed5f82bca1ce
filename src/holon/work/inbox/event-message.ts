import { z } from "zod";
import type { Principal } from "../../kernel/principal.ts";
import type { TakenEvent } from "../outbox/subscriptions.ts";

const PrincipalShape = z.custom<Principal>((value) => typeof value === "object" && value !== null);

/** One event, as it is sent to one subscriber. */
const Message = z.object({
  /** Identifies the event for ever. */
  id: z.uuid(),
  /** Position in the producer's outbox. */
  position: z.int(),
  name: z.string(),
  key: z.string().nullable(),
  keyNumber: z.int().nullable(),
  /** Number of the event of this key that the subscriber must have handled before this one; null if it need not follow another one. */
  needs: z.int().nullable(),
  /**
   * Whether the event before this one in its key may still have to come: the producer has it, and has no acknowledgement of it. If the subscriber does not know
   * that event, it does not acknowledge this one. The producer then sends this one again, and says false here if the other one was acknowledged meanwhile.
   */
  needsSurely: z.boolean(),
  payload: z.unknown(),
  traceparent: z.string().nullable(),
  initiator: PrincipalShape,
});

/** One event, as it is sent to one subscriber. */
export type EventMessage = z.output<typeof Message>;

/** Identifies the events of one producer that have the same handler. */
export interface EventName {
  readonly producer: string;
  readonly name: string;
}

/** The data of a message on a queue `events.<subscriber>`. */
export interface EventBatch {
  readonly producer: string;
  readonly events: readonly EventMessage[];
}

/** The data of a message on a queue `ack.<producer>`: the events that a subscriber has taken, or those that it subscribes to. */
export type AckMessage =
  | { readonly kind: "taken"; readonly subscriber: string; readonly events: readonly TakenEvent[] }
  | { readonly kind: "subscribe"; readonly subscriber: string; readonly events: readonly string[] };

/** A message as this version reads it. Members that this version does not know are ignored. */
interface ReadMessage<Message> {
  readonly message: Message;
  /** The entries that this version does not understand, unchanged. */
  readonly unknown: readonly unknown[];
}

const Batch = z.object({ producer: z.string(), events: z.array(z.unknown()) });
const Ack = z.object({ kind: z.enum(["taken", "subscribe"]), subscriber: z.string(), events: z.array(z.unknown()) });
const Taken = z.object({ id: z.uuid(), position: z.int() });

/** Reads the data of a message on a queue `events.<subscriber>`. Shape: undefined if it is not a batch of events. */
export function readEventBatch(data: unknown): ReadMessage<EventBatch> | undefined {
  const batch = Batch.safeParse(data).data;
  if (batch === undefined) return undefined;
  const { known, unknown } = readEach(Message, batch.events);
  return { message: { producer: batch.producer, events: known }, unknown };
}

/** Reads the data of a message on a queue `ack.<producer>`. Shape: undefined if it is of another kind. */
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

/** The events in the form in which they came: other versions may need members that this one does not know. */
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

/** The queue from which a subscriber takes events. */
export function eventQueue(subscriber: string): string {
  return `events.${subscriber}`;
}

/** The queue from which a producer takes acknowledgements and subscriptions. */
export function ackQueue(producer: string): string {
  return `ack.${producer}`;
}
