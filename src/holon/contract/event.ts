import type { z } from "zod";

/** What a contract says of one event. Plain data; made by {@link event}. */
export interface EventSpec<Payload extends z.ZodObject = z.ZodObject> {
  readonly kind: "event";
  readonly payload: Payload;
  /** Events with the same value of this field reach each subscriber in the order of their commits. */
  readonly orderedBy: (keyof z.output<Payload> & string) | undefined;
}

/** Events by name; names are in the past tense. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every payload, and zod's types are invariant
export type EventMap = Readonly<Record<string, EventSpec<any>>>;

/** Something that happened in a context and that others may react to. */
export function event<Payload extends z.ZodObject>(
  payload: Payload,
  options: { readonly orderedBy?: keyof z.output<Payload> & string } = {},
): EventSpec<Payload> {
  return { kind: "event", payload, orderedBy: options.orderedBy };
}
