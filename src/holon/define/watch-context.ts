import type { z } from "zod";
import type { AnyProcedure, EventMap } from "../contract/index.ts";
import type { WatchedEvent } from "../work/index.ts";
import type { ContextTypes, HandlerContext } from "./handler-context.ts";

type EventsOf<T extends ContextTypes> = T["contract"]["events"] extends infer E extends EventMap ? E : never;

/** Which events to watch, and from where on. */
export interface WatchOptions {
  /** Value of the event's `orderedBy` field: only events that have it. Left out: the events of all keys. */
  readonly key?: string | number | boolean;
  /** The id of the last item that the client has, tRPC's `lastEventId`: begins right behind it. Undefined begins now. */
  readonly after?: string | undefined;
}

/**
 * Events as they are committed, by any process, in the order of their positions; those of one key in the order of their commits. Its items are
 * those of a resumable subscription.
 */
export interface Watch<Payload> extends AsyncIterableIterator<WatchedEvent<Payload>, undefined> {
  /** The id for an item that is given before the first event, such as the present state: whoever resumes after it misses nothing. */
  readonly start: string;
}

/** What the handler of a subscription may do. */
export interface SubscriptionContext<T extends ContextTypes, P extends AnyProcedure> extends HandlerContext<T, P> {
  /**
   * Watches events of this context; ends when the subscription does.
   *
   * It begins at a moment before the promise resolves, and tells what is committed after that moment. Open it before you read the present state:
   * an event may then be told that the state already holds, and none is missed.
   *
   * Errors: BAD_REQUEST for an `after` that is no id of such an item (issue `malformed`), or after which events were removed, as they are 7 days
   * after all have taken them (issue `gone`): the client reads the state again and subscribes without it. UNAVAILABLE - the database.
   */
  watch<Name extends keyof EventsOf<T> & string>(event: Name, options?: WatchOptions): Promise<Watch<z.output<EventsOf<T>[Name]["payload"]>>>;
}
