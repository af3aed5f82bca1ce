export * from "./create-publisher.ts";
export type { LeasedRow } from "./outbox-lease.ts";
export { type EventSubscriber, Subscriptions } from "./subscriptions.ts";
