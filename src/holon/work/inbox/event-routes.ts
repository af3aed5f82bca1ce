import { type ContractMap, createParser, type Parser } from "../../contract/index.ts";
import type { Tables, WriteDatabase } from "../../data/drizzle/database.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { EventSubscriber } from "../outbox/subscriptions.ts";
import type { EventName } from "./event-message.ts";

/** An event as its handler gets it. */
export interface HandledEvent<Payload = unknown> {
  /** Identifies the event for ever. The id is the same at each subscriber, however often the event is sent. */
  readonly id: string;
  /** Name of the context that emitted the event. */
  readonly producer: string;
  readonly name: string;
  readonly payload: Payload;
  /** Value of the field that the event is ordered by; undefined if it is not ordered. */
  readonly key: string | undefined;
}

/** What a handler gets besides the event. */
export interface EventContext {
  /** The principal that started the work in which the event was emitted. */
  readonly initiator: Principal;
  readonly traceId: string;
  readonly log: Logger;
}

/** An open transaction, as a handler gets it. The types of the handler's context are added where contexts are defined. */
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

/** Handlers by member of `subscribesTo` (one for each producer), and by event, without the types of their context. */
export interface EventHandlers {
  readonly [subscription: string]: Readonly<Record<string, EventHandler | undefined>> | undefined;
}

/** How a context handles one event of another context. */
export interface EventRoute {
  /** Checks the payload by the contract of the producer. */
  readonly parse: Parser;
  readonly handle: EventHandler;
}

/** The part of a context that says which events it handles. */
export interface SubscribingContext {
  readonly name: string;
  readonly subscribesTo: ContractMap;
  readonly events: EventHandlers;
}

/** Finds the handler of an event, by producer and name. */
export class EventRoutes {
  readonly #routes = new Map<string, EventRoute>();
  readonly #producers = new Map<string, string[]>();

  constructor({ subscribesTo, events }: SubscribingContext) {
    for (const [subscription, contract] of Object.entries(subscribesTo)) {
      for (const [name, handle] of Object.entries(events[subscription] ?? {})) {
        const spec = contract.events[name];
        if (handle === undefined || spec === undefined) continue;
        this.#routes.set(`${contract.name}.${name}`, { parse: createParser(spec.payload), handle });
        this.#producers.set(contract.name, [...(this.#producers.get(contract.name) ?? []), name]);
      }
    }
  }

  find(producer: string, name: string): EventRoute | undefined {
    return this.#routes.get(`${producer}.${name}`);
  }

  /** All events that are handled, with their producers. */
  get names(): readonly EventName[] {
    return [...this.#producers].flatMap(([producer, names]) => names.map((name) => ({ producer, name })));
  }

  /** The names of the handled events, by producer. */
  get producers(): ReadonlyMap<string, readonly string[]> {
    return this.#producers;
  }
}

/** The contexts of an app that subscribe to events of this producer, whichever process they run in. */
export function subscribersOf(producer: string, contexts: readonly SubscribingContext[]): EventSubscriber[] {
  return contexts.flatMap((context) => {
    const events = namesOf(producer, context);
    return events.length === 0 ? [] : [{ name: context.name, events }];
  });
}

function namesOf(producer: string, { subscribesTo, events }: SubscribingContext): string[] {
  return Object.entries(subscribesTo).flatMap(([subscription, contract]) => {
    if (contract.name !== producer) return [];
    return Object.entries(events[subscription] ?? {}).flatMap(([name, handle]) =>
      handle === undefined || contract.events[name] === undefined ? [] : [name],
    );
  });
}
