import { catalogueError } from "../../kernel/index.ts";
import type { WorkDatabase } from "../outbox/work-database.ts";
import type { Inbox, WaitingEvent } from "./inbox.ts";

/** Most parked events that one look shows. */
const SHOWN_COUNT = 200;

/** The events that a context set aside: each blocks the later ones of its key until somebody decides. */
export class ParkedEvents {
  readonly #database: WorkDatabase;
  readonly #inbox: Inbox;
  readonly #wakeHeld: () => void;

  constructor(database: WorkDatabase, inbox: Inbox, wakeHeld: () => void) {
    this.#database = database;
    this.#inbox = inbox;
    this.#wakeHeld = wakeHeld;
  }

  /** The oldest ones, with reason and payload. */
  list(): Promise<readonly WaitingEvent[]> {
    return this.#database.transaction("list parked events", (tx) => this.#inbox.parked(tx, SHOWN_COUNT));
  }

  /** Lets one be tried again, with all its attempts. Errors: NOT_FOUND - no parked event has this id. */
  release(id: string): Promise<void> {
    return this.#decide("release a parked event", id, (tx, event) => this.#inbox.release(tx, event));
  }

  /** Goes on without its effect: the later ones of its key are worked off. Errors: NOT_FOUND - no parked event has this id. */
  skip(id: string): Promise<void> {
    return this.#decide("skip a parked event", id, async (tx, event) => {
      await this.#inbox.settle(tx, event, "skipped");
      await this.#inbox.wakeSuccessors(tx, event.producer, [event]);
    });
  }

  async #decide(task: string, id: string, decide: (tx: Parameters<Inbox["release"]>[0], event: WaitingEvent) => Promise<void>): Promise<void> {
    await this.#database.transaction(task, async (tx) => {
      const found = await this.#inbox.findParked(tx, id);
      // The key first, then its row: as those do that work events off.
      if (found !== undefined) await this.#inbox.lockKeys(tx, found.producer, [found]);
      const event = found === undefined ? undefined : await this.#inbox.takeParked(tx, id);
      if (event === undefined) throw catalogueError("NOT_FOUND", `No event with the id ${id} is parked in ${this.#database.context}.`);
      await decide(tx, event);
    });
    this.#wakeHeld();
  }
}
