import { catalogueError } from "../../kernel/index.ts";
import type { WorkDatabase } from "../engine/work-database.ts";
import type { EventName, Inbox, WaitingEvent } from "./inbox.ts";

/** Most parked events that one look shows. */
const SHOWN_COUNT = 200;

/** What {@link ParkedEvents} is made from. */
export interface ParkedEventsParts {
  readonly database: WorkDatabase;
  readonly inbox: Inbox;
  /** The events that this version has handlers for. */
  readonly handled: readonly EventName[];
  readonly wakeHeld: () => void;
}

/**
 * The events that a context set aside, and those that it holds without having a handler: each blocks the later ones of its key until somebody decides,
 * or a process comes that has the handler.
 */
export class ParkedEvents {
  readonly #database: WorkDatabase;
  readonly #inbox: Inbox;
  readonly #handled: readonly EventName[];
  readonly #wakeHeld: () => void;

  constructor({ database, inbox, handled, wakeHeld }: ParkedEventsParts) {
    this.#database = database;
    this.#inbox = inbox;
    this.#handled = handled;
    this.#wakeHeld = wakeHeld;
  }

  /** The oldest ones, with reason and payload. */
  list(): Promise<readonly WaitingEvent[]> {
    return this.#database.transaction("list parked events", (tx) => this.#inbox.parked(tx, SHOWN_COUNT));
  }

  /** The oldest held ones that this version has no handler for, without those that wait for an earlier one of their key. */
  listUnhandled(): Promise<readonly WaitingEvent[]> {
    return this.#database.transaction("list events without a handler", (tx) => this.#inbox.unhandled(tx, this.#handled, SHOWN_COUNT));
  }

  /** Lets one be tried again, with all its attempts. Errors: NOT_FOUND - no parked event has this id. */
  release(id: string): Promise<void> {
    return this.#decide("release a parked event", id, async (tx) => {
      const event = await this.#inbox.takeParked(tx, id);
      if (event !== undefined) await this.#inbox.release(tx, event);
      return event !== undefined;
    });
  }

  /**
   * Goes on without its effect: the later ones of its key are worked off. Errors: NOT_FOUND - no parked event has this id, and no event that is held
   * without a handler.
   */
  skip(id: string): Promise<void> {
    return this.#decide("skip an event", id, async (tx) => {
      const event = (await this.#inbox.takeParked(tx, id)) ?? (await this.#inbox.takeUnhandled(tx, id, this.#handled));
      if (event === undefined) return false;
      await this.#inbox.settle(tx, event, "skipped");
      await this.#inbox.wakeSuccessors(tx, event.producer, [event]);
      return true;
    });
  }

  async #decide(task: string, id: string, decide: (tx: Parameters<Inbox["release"]>[0]) => Promise<boolean>): Promise<void> {
    await this.#database.transaction(task, async (tx) => {
      const found = await this.#inbox.find(tx, id);
      // The key first, then its row: as those do that work events off.
      if (found !== undefined) await this.#inbox.lockKeys(tx, found.producer, [found]);
      const isDecided = found !== undefined && (await decide(tx));
      if (!isDecided) throw catalogueError("NOT_FOUND", `No event with the id ${id} waits for a decision in ${this.#database.context}.`);
    });
    this.#wakeHeld();
  }
}
