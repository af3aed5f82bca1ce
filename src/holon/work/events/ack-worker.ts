import type { QueueBackend, QueueWorker } from "../../queue/index.ts";
import type { Subscriptions } from "../outbox/subscriptions.ts";
import { AckMessage, ackQueue } from "./event-message.ts";
import { type Patience, repeatedly } from "./patience.ts";

/** Acknowledgements that are noted at once. */
const CONCURRENCY = 2;

/** Takes what subscribers acknowledge of a producer's events, and who wants to hear them. */
export function workAcknowledgements(producer: string, backend: QueueBackend, subscriptions: Subscriptions, patience: Patience): QueueWorker {
  return backend.work(ackQueue(producer), { concurrency: CONCURRENCY }, async ({ data }) => {
    const message = AckMessage.parse(data);
    await repeatedly(patience, async () => {
      if (message.kind === "taken") await subscriptions.taken(message.subscriber, message.events);
      else await subscriptions.subscribe([{ name: message.subscriber, events: message.events }]);
    });
  });
}
