import type { Tables, WriteDatabase } from "../../data/index.ts";
import type { Logger, Principal } from "../../kernel/index.ts";

/** An event as its handler gets it. */
export interface HandledEvent<Payload = unknown> {
  /** Identifies it for ever; the same at every subscriber and every time it comes. */
  readonly id: string;
  /** Name of the context that emitted it. */
  readonly producer: string;
  readonly name: string;
  readonly payload: Payload;
  /** Value of the field that it is ordered by; undefined where it is not. */
  readonly key: string | undefined;
}

/** What the handler of an event knows besides the event. */
export interface EventContext {
  /** Who started the work that the event tells of. */
  readonly initiator: Principal;
  readonly traceId: string;
  readonly log: Logger;
}

/** An open transaction as a handler of the context floor sees it; its types are put on there. */
export interface EventTransaction {
  readonly db: WriteDatabase<Tables>;
}

/** What the handler of an event gets, with the types taken off. */
export interface EventArguments {
  readonly event: HandledEvent;
  readonly tx: EventTransaction;
  readonly ctx: EventContext;
}

/** The handler of one event, with the types taken off. */
export type EventHandler = (args: EventArguments) => unknown;

/** Handlers by the name under which a context subscribes to another, and by event; with the types taken off. */
export interface EventHandlers {
  readonly [subscription: string]: Readonly<Record<string, EventHandler | undefined>> | undefined;
}
