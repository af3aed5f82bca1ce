import type { z } from "zod";
import type { AnyProcedure, EventMap } from "../contract/index.ts";
import type { WatchedEvent } from "../work/watch/watcher.ts";
import type { ContextTypes, HandlerContext } from "./handler-context.ts";

type EventsOf<T extends ContextTypes> = T["contract"]["events"] extends infer E extends EventMap ? E : never;

/** Which events to watch, and from where on. */
export interface WatchOptions {
  /** Value of the event's `orderedBy` field: only events with this value are watched. If it is left out, events of all keys are. */
  readonly key?: string | number | boolean;
  /** The id of the last item that the client has, tRPC's `lastEventId`: the watch begins right after it. If it is undefined, the watch begins now. */
  readonly after?: string | undefined;
}

/**
 * Events as any process commits them, in the order of their positions; events of one key are in the order of their commits. The items fit a resumable
 * subscription.
 */
export interface Watch<Payload> extends AsyncIterableIterator<WatchedEvent<Payload>, undefined> {
  /** The id for an item that is sent before the first event, such as the present state: a client that resumes after it misses nothing. */
  readonly start: string;
}

/** `ctx` of a subscription's handler. */
export interface SubscriptionContext<T extends ContextTypes, P extends AnyProcedure> extends HandlerContext<T, P> {
  /**
   * Watches events of this context; ends when the subscription does.
   *
   * It begins at a moment before the promise resolves, and yields all events that are committed after that moment. Open it before you read the present state:
   * then no event is missed, though one may come that the state already includes.
   *
   * Errors: BAD_REQUEST for an `after` that is not the id of such an item (issue `malformed`), or after which events were removed, as happens 7 days after all
   * subscribers have taken them (issue `gone`): the client reads the state again and subscribes without it. UNAVAILABLE - the database.
   */
  watch<Name extends keyof EventsOf<T> & string>(event: Name, options?: WatchOptions): Promise<Watch<z.output<EventsOf<T>[Name]["payload"]>>>;
}
