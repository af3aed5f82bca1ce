import { catalogueError } from "../../kernel/holon-error.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventName } from "./event-message.ts";
import type { Inbox, StrandedEvent, WaitingEvent } from "./inbox.ts";

/** Most events of each kind that are listed. */
const SHOWN_COUNT = 200;

interface ParkedEventsDeps {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  /** The events that this version has handlers for. */
  readonly handled: readonly EventName[];
  readonly wakeHeld: () => void;
}

/** What an operator can decide about: an event that is parked, or held and stranded. */
interface Undecided {
  readonly event: WaitingEvent;
  readonly waitsFor: StrandedEvent["waitsFor"] | "decision";
}

type Tx = Parameters<Inbox["release"]>[0];

/**
 * The events of a context that need an operator's decision: parked events, events that are held without a handler, and events that wait for another one that
 * does not come. Each blocks the later events of its key until an operator decides about it, or until the handler or event that it waits for has come.
 */
export class ParkedEvents {
  readonly #database: WorkDatabase;
  readonly #inbox: Inbox;
  readonly #handled: readonly EventName[];
  readonly #wakeHeld: () => void;

  constructor({ database, inbox, handled, wakeHeld }: ParkedEventsDeps) {
    this.#database = database;
    this.#inbox = inbox;
    this.#handled = handled;
    this.#wakeHeld = wakeHeld;
  }

  /** The oldest parked events, with reason and payload. */
  list(): Promise<readonly WaitingEvent[]> {
    return this.#database.transaction("list parked events", (tx) => this.#inbox.parked(tx, SHOWN_COUNT));
  }

  /** The oldest stranded events, as {@link Inbox.stranded} finds them, with the reason in words. */
  async listStranded(): Promise<readonly (StrandedEvent & { readonly reason: string })[]> {
    const events = await this.#database.transaction("list stranded events", (tx) => this.#inbox.stranded(tx, this.#handled, SHOWN_COUNT));
    return events.map((event) => ({
      ...event,
      reason: event.waitsFor === "handler" ? "no handler in this version" : `event ${event.needs} of its key has not come`,
    }));
  }

  /**
   * Lets a parked event be tried again; its attempts are counted from 0. An event that waits for its predecessor is worked off, although the predecessor has
   * not come. If the predecessor comes after all, it is handled after the event that waited for it. Errors: NOT_FOUND - no event with this id can be released.
   */
  release(id: string): Promise<void> {
    return this.#decide("release an event", id, async (tx, { event, waitsFor }) => {
      if (waitsFor === "decision") await this.#inbox.release(tx, event);
      else if (waitsFor === "arrival") await this.#inbox.stopWaiting(tx, event.producer, [event]);
      return waitsFor !== "handler";
    });
  }

  /** Ends an event without its effect, so that the later events of its key are worked off. Errors: NOT_FOUND - no parked or stranded event has this id. */
  skip(id: string): Promise<void> {
    return this.#decide("skip an event", id, async (tx, { event }) => {
      await this.#inbox.settle(tx, event.producer, [event], "skipped");
      await this.#inbox.wakeSuccessors(tx, event.producer, [event]);
      return true;
    });
  }

  async #decide(task: string, id: string, decide: (tx: Tx, undecided: Undecided) => Promise<boolean>): Promise<void> {
    await this.#database.transaction(task, async (tx) => {
      const undecided = await this.#take(tx, id);
      const isDecided = undecided !== undefined && (await decide(tx, undecided));
      if (!isDecided) throw catalogueError("NOT_FOUND", `No event with the id ${id} waits for a decision in ${this.#database.context}.`);
    });
    this.#wakeHeld();
  }

  async #take(tx: Tx, id: string): Promise<Undecided | undefined> {
    const found = await this.#inbox.find(tx, id);
    if (found === undefined) return undefined;
    // Locks the key first and then the row, in the same order as the transactions that work off events.
    await this.#inbox.lockKeys(tx, found.producer, [found]);
    const event = await this.#inbox.lock(tx, found);
    if (event === undefined) return undefined;
    const waitsFor = event.state === "parked" ? "decision" : (await this.#inbox.findStranded(tx, event, this.#handled))?.waitsFor;
    return waitsFor === undefined ? undefined : { event, waitsFor };
  }
}
