import { randomUUID } from "node:crypto";
import type { Logger } from "../../kernel/log.ts";
import { type RetryDeps, type RetryPolicy, retry } from "../../kernel/retry.ts";
import type { Subscriptions } from "../outbox/subscriptions.ts";
import type { QueueBackend, QueueWorker } from "../queue/queue-backend.ts";
import type { UnknownMessages } from "../unknown-messages.ts";
import { type AckMessage, ackQueue, type EventMessage, readAck } from "./event-message.ts";

/** Most events that one acknowledgement names. */
const ACK_COUNT = 500;

/**
 * How long an acknowledgement waits for more events to name. Nothing waits for an acknowledgement, and each one costs a message and a transaction, so few large
 * ones are better.
 */
const GATHER_MS = 30;

/**
 * Acknowledges events: reports to their producers that this context has taken them. Events that are taken within 30 ms, or while an acknowledgement is being
 * sent, share one.
 *
 * If an acknowledgement is lost, the producer sends its events again, and this context acknowledges them then. So this class has no task and retries nothing.
 * To retry, it would have to keep acknowledgements while the queues are away, and their number has no bound. The queues end each attempt to send within a
 * bounded time.
 */
export class AckSender {
  readonly #subscriber: string;
  readonly #backend: QueueBackend;
  readonly #log: Logger;
  readonly #waiting = new Map<string, { id: string; position: number }[]>();
  readonly #sending = new Map<string, Promise<void>>();
  #isClosing = false;
  #gathered: () => void = () => {};
  #gathering: Promise<void> | undefined = undefined;

  constructor(subscriber: string, backend: QueueBackend, log: Logger) {
    this.#subscriber = subscriber;
    this.#backend = backend;
    this.#log = log;
  }

  /** Acknowledges these events soon, so that their producer does not send them again. */
  taken(producer: string, messages: readonly EventMessage[]): void {
    const waiting = this.#waiting.get(producer) ?? [];
    for (const { id, position } of messages) waiting.push({ id, position });
    this.#waiting.set(producer, waiting);
    if (!this.#sending.has(producer)) this.#sending.set(producer, this.#send(producer));
  }

  /** Reports to a producer which of its events this context subscribes to. Errors: UNAVAILABLE. */
  async subscribe(producer: string, events: readonly string[]): Promise<void> {
    await this.#add(producer, { kind: "subscribe", subscriber: this.#subscriber, events: [...events] });
  }

  /** Resolves when nothing is being sent. From now on no acknowledgement waits for more events. */
  async idle(): Promise<void> {
    this.#isClosing = true;
    this.#gathered();
    await Promise.all(this.#sending.values());
  }

  #gather(): Promise<void> {
    if (this.#isClosing) return Promise.resolve();
    this.#gathering ??= new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#gathered(), GATHER_MS);
      this.#gathered = () => {
        clearTimeout(timer);
        this.#gathering = undefined;
        resolve();
      };
    });
    return this.#gathering;
  }

  async #send(producer: string): Promise<void> {
    await this.#gather();
    for (let waiting = this.#waiting.get(producer) ?? []; waiting.length > 0; waiting = this.#waiting.get(producer) ?? []) {
      const events = waiting.splice(0, ACK_COUNT);
      try {
        await this.#add(producer, { kind: "taken", subscriber: this.#subscriber, events });
      } catch (error) {
        this.#waiting.delete(producer);
        this.#log.debug({ err: error, producer }, "acknowledgements are lost; their producer sends the events again");
      }
    }
    // Deleted in the same turn of the event loop in which no more events were found: an event that comes later starts a new sending.
    this.#sending.delete(producer);
  }

  async #add(producer: string, message: AckMessage): Promise<void> {
    await this.#backend.add(ackQueue(producer), [{ id: `a-${randomUUID()}`, name: message.kind, data: message }]);
  }
}

/** Most acknowledgements that one process notes at the same time. */
const CONCURRENCY = 2;

interface AckWorkerDeps extends RetryDeps {
  readonly producer: string;
  readonly backend: QueueBackend;
  readonly subscriptions: Subscriptions;
  readonly unknown: UnknownMessages;
  readonly policy: RetryPolicy;
  /** Whether the process stops: nothing is tried again then. */
  readonly isClosing: () => boolean;
}

/**
 * Takes the acknowledgements of a producer's events, and the subscriptions to them. Messages that this version does not understand are left for other versions.
 */
export function workAcknowledgements(deps: AckWorkerDeps): QueueWorker {
  const { producer, backend, subscriptions, unknown, policy, isClosing } = deps;
  const queue = ackQueue(producer);
  return backend.work(queue, { concurrency: CONCURRENCY }, async (run) => {
    const read = readAck(run.data);
    if (read === undefined) return unknown.leave(queue, run);
    const { message } = read;
    const note = async (): Promise<void> => {
      if (message.kind === "taken") await subscriptions.taken(message.subscriber, message.events);
      else await subscriptions.subscribe([{ name: message.subscriber, events: message.events }]);
    };
    await retry(deps, policy, note, { isOver: isClosing });
    if (read.unknown.length > 0) await unknown.leave(queue, { ...run, data: { ...message, events: read.unknown } });
  });
}
