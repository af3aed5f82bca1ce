import type { z } from "zod";

/** The contract of one event. Plain data; made by {@link event}. */
export interface EventSpec<Payload extends z.ZodObject = z.ZodObject> {
  readonly kind: "event";
  readonly payload: Payload;
  /** Events with the same value of this field arrive at each subscriber in the order of their commits. */
  readonly orderedBy: (keyof z.output<Payload> & string) | undefined;
}

/** Events by name; names are in the past tense. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every payload, and zod's types are invariant
export type EventMap = Readonly<Record<string, EventSpec<any>>>;

/** Declares an event that happens in a context and that other contexts may handle. */
export function event<Payload extends z.ZodObject>(
  payload: Payload,
  options: { readonly orderedBy?: keyof z.output<Payload> & string } = {},
): EventSpec<Payload> {
  return { kind: "event", payload, orderedBy: options.orderedBy };
}
