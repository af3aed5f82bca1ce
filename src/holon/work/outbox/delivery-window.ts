import type { Clock } from "../../kernel/clock.ts";
import { eventQueue } from "../inbox/event-message.ts";
import type { QueueBackend } from "../queue/queue-backend.ts";
import type { OutboxLease } from "./outbox-lease.ts";

interface DeliveryWindowDeps {
  readonly backend: Pick<QueueBackend, "depth">;
  readonly lease: Pick<OutboxLease, "subscribersBehind">;
  readonly clock: Clock;
  /** Most messages that wait on the queue of one subscriber. */
  readonly queueCount: number;
  /** How long an answer about a queue, or about subscribers that are behind, may be used. */
  readonly freshMs: number;
}

/** What this process has read about one queue, and what it has added to it. */
interface Room {
  messages: number;
  askedMs: number;
  /** The last request for the queue's length. While it is open, all looks wait for it. */
  asked: Promise<void>;
  /** Messages that are being added to the queue now. */
  adding: number;
  /** How many messages were ever added. The difference between two moments is the number that was added between them. */
  given: number;
}

/**
 * How many more messages the queue of each subscriber takes. A subscriber that is down does not fill the queues: messages that do not fit wait in the outbox.
 *
 *     in time --a message does not fit--> behind --nothing of the subscriber waits in the outbox--> in time
 *
 * I1. A queue holds at most `queueCount` messages, and as many more for each other process that publishes: between two looks, each process counts only its own
 *     messages.
 * I2. While a subscriber is behind, new events wait too, so that none overtakes an older one. Events that overtake would be held at the subscriber, one by one.
 * I3. The tables say which subscribers are behind: a process that starts, or that did not see a subscriber fall behind, reads this from the tables.
 */
export class DeliveryWindow {
  readonly #deps: DeliveryWindowDeps;
  readonly #rooms = new Map<string, Room>();
  /** Subscribers that are behind. The number counts how often subscribers fell behind, up to the moment when this subscriber fell behind. */
  #behind = new Map<string, number>();
  #falls = 0;
  #behindReadMs = Number.NEGATIVE_INFINITY;

  constructor(deps: DeliveryWindowDeps) {
    this.#deps = deps;
  }

  /** Reads again what was last read `freshMs` ago or earlier. Errors: UNAVAILABLE - the queues or the database are away. */
  async look(subscribers: readonly string[]): Promise<void> {
    const { clock, freshMs } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#behindReadMs >= freshMs) {
      const falls = this.#falls;
      const read = await this.#deps.lease.subscribersBehind();
      const since = [...this.#behind].filter(([, fall]) => fall > falls);
      this.#behind = new Map([...read.map((name) => [name, falls] as const), ...since]);
      this.#behindReadMs = nowMs;
    }
    await Promise.all(subscribers.map((name) => this.#ask(name, nowMs)));
  }

  /** Subscribers with events that wait in the outbox. */
  get behind(): readonly string[] {
    return [...this.#behind.keys()];
  }

  /** How often subscribers fell behind, by the count of this process. */
  get falls(): number {
    return this.#falls;
  }

  /** Whether messages are being added to a queue now: it is fuller than its length says. */
  isAdding(subscriber: string): boolean {
    return this.#roomOf(subscriber).adding > 0;
  }

  /** How many messages a queue takes now, by what this process has read and added. */
  room(subscriber: string): number {
    return Math.max(0, this.#roomOf(subscriber).messages);
  }

  /** Whether new messages may be added to a queue now. */
  admits(subscriber: string, messages: number): boolean {
    return !this.#behind.has(subscriber) && messages <= this.room(subscriber);
  }

  /** Adds messages to a queue, which has less room from now on. Errors: those of adding. */
  async adding<Result>(subscriber: string, messages: number, add: () => Promise<Result>): Promise<Result> {
    const room = this.#roomOf(subscriber);
    room.messages -= messages;
    room.adding += messages;
    room.given += messages;
    try {
      return await add();
    } finally {
      room.adding -= messages;
    }
  }

  fellBehind(subscriber: string): void {
    this.#behind.set(subscriber, ++this.#falls);
  }

  /**
   * Notes that no event waited for a subscriber at the moment when {@link falls} had this value. If the subscriber fell behind after that moment, it is still
   * behind.
   */
  caughtUp(subscriber: string, falls: number): void {
    if ((this.#behind.get(subscriber) ?? 0) <= falls) this.#behind.delete(subscriber);
  }

  #roomOf(subscriber: string): Room {
    const known = this.#rooms.get(subscriber);
    if (known !== undefined) return known;
    const room = { messages: 0, askedMs: Number.NEGATIVE_INFINITY, asked: Promise.resolve(), adding: 0, given: 0 };
    this.#rooms.set(subscriber, room);
    return room;
  }

  #ask(subscriber: string, nowMs: number): Promise<void> {
    const room = this.#roomOf(subscriber);
    if (nowMs - room.askedMs < this.#deps.freshMs) return room.asked;
    room.askedMs = nowMs;
    room.asked = this.#read(subscriber, room).catch((error: unknown) => {
      room.askedMs = Number.NEGATIVE_INFINITY;
      throw error;
    });
    return room.asked;
  }

  async #read(subscriber: string, room: Room): Promise<void> {
    const { adding, given } = room;
    const { waiting } = await this.#deps.backend.depth(eventQueue(subscriber));
    // The answer may not count messages that were being added when it was requested, or that were added later.
    room.messages = this.#deps.queueCount - waiting - adding - (room.given - given);
  }
}
