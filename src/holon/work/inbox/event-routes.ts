import { type ContractMap, createParser, type Parser } from "../../contract/index.ts";
import type { EventSubscriber } from "../outbox/subscriptions.ts";
import type { EventHandler, EventHandlers } from "./event-handler.ts";
import type { EventName } from "./event-message.ts";

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
