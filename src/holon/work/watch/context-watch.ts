import { createParser, type EventMap, ParseFailure, type Parser } from "../../contract/index.ts";
import type { Clock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Scope } from "../../kernel/scope.ts";
import { Semaphore } from "../../kernel/semaphore.ts";
import type { Timers } from "../../kernel/timers.ts";
import { type EventPlace, parseEventPlace, ResumeRefusal } from "./event-place.ts";
import { type EventFilter, type OutboxEvent, OutboxReader, type WatchData } from "./outbox-reader.ts";
import { OutboxTail } from "./outbox-tail.ts";
import { WATCH_LIMITS, type WatchLimits } from "./watch-limits.ts";
import { Watcher, type WatchSource } from "./watcher.ts";

interface ContextWatchDeps {
  readonly data: WatchData;
  readonly events: EventMap;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly limits?: Partial<WatchLimits>;
}

/** The events to watch, and the item after which to begin. */
interface WatchRequest {
  readonly event: string;
  /** Value of the event's `orderedBy` field. */
  readonly key?: string | number | boolean | undefined;
  /** Id of the item to go on after; undefined to begin now. */
  readonly after?: string | undefined;
}

/**
 * Lets handlers of a context watch the context's own events, whichever process commits them. One tail serves all watchers of a process. It exists while there
 * is a watcher, and needs no publisher and no queue.
 *
 * I1. A watcher gets each event once, in the order of positions, from its beginning on.
 * I2. The beginning is fixed before `open` resolves. So state that the caller reads after `open` has resolved contains the effects of all events that the
 *     watcher does not get.
 * I3. A place to resume from is refused if an event after it may have been removed.
 */
export class ContextWatch {
  readonly #deps: ContextWatchDeps;
  readonly #limits: WatchLimits;
  readonly #reader: OutboxReader;
  /** Limits how many watchers read missed events at the same time. */
  readonly #catchingUp: Semaphore;
  readonly #parsers = new Map<string, Parser>();
  #tail: OutboxTail | undefined = undefined;

  constructor(deps: ContextWatchDeps) {
    this.#deps = deps;
    this.#limits = { ...WATCH_LIMITS, ...deps.limits };
    this.#reader = new OutboxReader(deps.data, deps.clock);
    this.#catchingUp = new Semaphore(this.#limits.catchUpCount);
  }

  /**
   * Begins to watch, for one call: at the given place, or at a moment before this resolves. The watch ends with the scope.
   *
   * Guarantee: the watcher gets each event after that place, or each event that is committed after that moment, once and in order, and nothing else. So state
   * that is read after this has resolved contains the effects of all earlier events (I2).
   * Errors: ResumeRefusal; UNAVAILABLE - the database is away; INTERNAL - the context does not declare the event, or a key is given for an event without keys.
   */
  async open(scope: Scope, request: WatchRequest): Promise<Watcher> {
    const filter = this.#filterOf(request);
    const after = placeOf(request.after);
    if (scope.cancelled !== undefined) throw scope.cancelled;
    const tail = this.#join();
    const source: WatchSource = {
      get settled() {
        return tail.settled;
      },
      between: (...range) => this.#catchingUp.run(() => this.#reader.between(...range)),
      parse: (event) => this.#parse(event),
      leave: (watcher) => this.#leave(tail, watcher),
    };
    const watcher = new Watcher({ scope, filter, source, after, bufferCount: this.#limits.bufferCount });
    scope.link(watcher);
    try {
      await tail.join(watcher);
      if (after !== undefined) await this.#catchingUp.run(() => this.#assertWhole(filter, after));
    } catch (error) {
      await watcher.return();
      throw error;
    } finally {
      // The watcher may have ended before it began.
      if (watcher.isOver) this.#leave(tail, watcher);
    }
    if (scope.cancelled !== undefined) throw scope.cancelled;
    return watcher;
  }

  #filterOf(request: WatchRequest): EventFilter {
    const { data, events } = this.#deps;
    const spec = Object.hasOwn(events, request.event) ? events[request.event] : undefined;
    if (spec === undefined) throw catalogueError("INTERNAL", `The context ${data.context} declares no event "${request.event}".`);
    if (!("key" in request)) return { name: request.event, key: undefined };
    // A key that is missing by mistake must not show the events of all users.
    if (request.key === undefined)
      throw catalogueError("INTERNAL", `The key of a watch of ${request.event} is undefined; leave the key out to watch all keys.`);
    if (spec.orderedBy === undefined)
      throw catalogueError("INTERNAL", `The event ${request.event} has no keys: its contract does not declare \`orderedBy\`.`);
    return { name: request.event, key: String(request.key) };
  }

  #join(): OutboxTail {
    const { data, clock, timers, log } = this.#deps;
    this.#tail ??= new OutboxTail({ data, reader: this.#reader, limits: this.#limits, clock, timers, log });
    return this.#tail;
  }

  #leave(tail: OutboxTail, watcher: Watcher): void {
    tail.leave(watcher);
    if (!tail.isIdle || this.#tail !== tail) return;
    this.#tail = undefined;
    void tail.close();
  }

  /** I3. Errors: ResumeRefusal - no event was ever at this place, or events after it were removed. */
  async #assertWhole(filter: EventFilter, after: EventPlace): Promise<void> {
    const { removed, rowId, last, lastNumber, hasNext } = await this.#reader.remains(filter, after);
    const { position, keyNumber, mark } = after;
    const isOther = position > last || (rowId !== undefined && mark !== undefined && !rowId.startsWith(mark));
    if (isOther) throw new ResumeRefusal("gone");
    if (removed === undefined || removed <= position) return;
    // An event of this name was removed, but perhaps no event of this key.
    if (filter.key !== undefined && keyNumber !== undefined && (hasNext || lastNumber === keyNumber)) return;
    throw new ResumeRefusal("gone");
  }

  /** Parses the payload by the contract. An event that does not fit any more is logged and left out: no watcher can correct it, and the later events go on. */
  #parse({ name, payload, id }: OutboxEvent): { readonly payload: unknown } | undefined {
    let parse = this.#parsers.get(name);
    if (parse === undefined) {
      parse = createParser((this.#deps.events[name] as EventMap[string]).payload);
      this.#parsers.set(name, parse);
    }
    try {
      const parsed = parse(payload);
      if (!(parsed instanceof ParseFailure)) return { payload: parsed };
      this.#deps.log.error(
        { event: name, eventId: id, issues: parsed.issues },
        "an event does not fit its contract any more; watchers do not see it",
      );
    } catch (error) {
      this.#deps.log.error(
        { event: name, eventId: id, err: error },
        "the contract's schema threw on the payload of an event; watchers do not see the event",
      );
    }
    return undefined;
  }
}

function placeOf(after: string | undefined): EventPlace | undefined {
  if (after === undefined) return undefined;
  const place = parseEventPlace(after);
  if (place === undefined) throw new ResumeRefusal("malformed");
  return place;
}
