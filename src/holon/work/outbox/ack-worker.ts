import { type RetryDeps, type RetryPolicy, retry } from "../../kernel/retry.ts";
import { ackQueue, readAck } from "../inbox/event-message.ts";
import type { QueueBackend, QueueWorker } from "../queue/queue-backend.ts";
import type { UnknownMessages } from "../unknown-messages.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** Most acknowledgements that are noted at once. */
const CONCURRENCY = 2;

interface AckWorkerParts {
  readonly producer: string;
  readonly backend: QueueBackend;
  readonly subscriptions: Subscriptions;
  readonly unknown: UnknownMessages;
  readonly deps: RetryDeps;
  readonly policy: RetryPolicy;
  /** Whether the process stops: nothing is tried again then. */
  readonly isClosing: () => boolean;
}

/** Takes the acknowledgements of a producer's events, and the subscriptions to them. Messages that it does not understand are left for other versions. */
export function workAcknowledgements({ producer, backend, subscriptions, unknown, deps, policy, isClosing }: AckWorkerParts): QueueWorker {
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
