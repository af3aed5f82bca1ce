import type { z } from "zod";
import type { Contract, ContractMap, EventMap } from "../contract/index.ts";
import type { EventContext, HandledEvent } from "../work/inbox/event-handler.ts";
import type { ContextTypes, Transaction } from "./handler-context.ts";

type MaybePromise<T> = T | Promise<T>;

type EventsOf<C extends Contract> = C["events"] extends infer E extends EventMap ? E : never;

/** An event of another context, typed by that context's contract. */
export interface EventOf<C extends Contract, Name extends keyof EventsOf<C> & string> extends HandledEvent<z.output<EventsOf<C>[Name]["payload"]>> {
  readonly name: Name;
  readonly producer: C["name"];
}

/** The arguments of an event handler. Its transaction also records that the event was handled. A call or a mail must be enqueued as a job. */
export interface EventHandlerArguments<T extends ContextTypes, C extends Contract, Name extends keyof EventsOf<C> & string> {
  readonly event: EventOf<C, Name>;
  readonly tx: Transaction<T>;
  readonly ctx: EventContext;
}

/**
 * The handlers of the events that a context subscribes to, by the name of the subscription. The context receives the events that are named here and no others,
 * from its first start on, also those of times when it was down.
 *
 * A handler that throws is called again, up to eight times in all; then the event is parked.
 */
export type EventHandlersOf<T extends ContextTypes, S extends ContractMap> = {
  readonly [Subscription in keyof S]: {
    readonly [Name in keyof EventsOf<S[Subscription]> & string]?: (args: EventHandlerArguments<T, S[Subscription], Name>) => MaybePromise<void>;
  };
};

/** The `events` that `implement` takes: required if the context subscribes to any context. */
export type EventParts<T extends ContextTypes, S extends ContractMap> = keyof S extends never
  ? { readonly events?: Readonly<Record<string, never>> }
  : { readonly events: EventHandlersOf<T, S> };
