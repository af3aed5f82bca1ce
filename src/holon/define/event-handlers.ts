import type { z } from "zod";
import type { Contract, ContractMap, EventMap } from "../contract/index.ts";
import type { EventContext, HandledEvent } from "../work/index.ts";
import type { ContextTypes, Transaction } from "./handler-context.ts";

type MaybePromise<T> = T | Promise<T>;

type EventsOf<C extends Contract> = C["events"] extends infer E extends EventMap ? E : never;

/** An event of another context, by its contract. */
export interface EventOf<C extends Contract, Name extends keyof EventsOf<C> & string> extends HandledEvent<z.output<EventsOf<C>[Name]["payload"]>> {
  readonly name: Name;
  readonly producer: C["name"];
}

/** What the handler of an event gets: the transaction that also writes that it was taken. What needs a call or a mail is enqueued. */
export interface EventHandlerArguments<T extends ContextTypes, C extends Contract, Name extends keyof EventsOf<C> & string> {
  readonly event: EventOf<C, Name>;
  readonly tx: Transaction<T>;
  readonly ctx: EventContext;
}

/**
 * The handlers of the events that a context subscribes to, by the name of the subscription. It hears the events that are named here, from the
 * first start on and also while it is down; others it does not hear.
 *
 * A handler is called again where it throws, up to eight times in all; then the event is parked.
 */
export type EventHandlersOf<T extends ContextTypes, S extends ContractMap> = {
  readonly [Subscription in keyof S]: {
    readonly [Name in keyof EventsOf<S[Subscription]> & string]?: (args: EventHandlerArguments<T, S[Subscription], Name>) => MaybePromise<void>;
  };
};

/** What `implement` takes of events: their handlers, where the context subscribes to any. */
export type EventParts<T extends ContextTypes, S extends ContractMap> = keyof S extends never
  ? { readonly events?: Readonly<Record<string, never>> }
  : { readonly events: EventHandlersOf<T, S> };
