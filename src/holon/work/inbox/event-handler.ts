import type { Tables, WriteDatabase } from "../../data/drizzle/database.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Principal } from "../../kernel/principal.ts";

/** An event as its handler gets it. */
export interface HandledEvent<Payload = unknown> {
  /** Identifies the event for ever. It is the same at each subscriber, each time it comes. */
  readonly id: string;
  /** Name of the context that emitted it. */
  readonly producer: string;
  readonly name: string;
  readonly payload: Payload;
  /** Value of the field that the event is ordered by; undefined if it is not ordered. */
  readonly key: string | undefined;
}

/** What a handler knows besides the event. */
export interface EventContext {
  /** The principal that started the work in which the event was emitted. */
  readonly initiator: Principal;
  readonly traceId: string;
  readonly log: Logger;
}

/** An open transaction, as a handler gets it. The types of its context are added where contexts are defined. */
export interface EventTransaction {
  readonly db: WriteDatabase<Tables>;
}

/** The arguments of a handler, without the types of its context. */
export interface EventArguments {
  readonly event: HandledEvent;
  readonly tx: EventTransaction;
  readonly ctx: EventContext;
}

/** The handler of one event, without the types of its context. */
export type EventHandler = (args: EventArguments) => unknown;

/** Handlers by the name of the subscription, and by event, without the types of their context. */
export interface EventHandlers {
  readonly [subscription: string]: Readonly<Record<string, EventHandler | undefined>> | undefined;
}
