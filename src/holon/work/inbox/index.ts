export * from "./event-handler.ts";
export * from "./event-limits.ts";
export { ackQueue, type EventMessage, eventQueue } from "./event-message.ts";
export { type SubscribingContext, subscribersOf } from "./event-routes.ts";
export type { WaitingEvent } from "./inbox.ts";
export type { ParkedEvents } from "./parked-events.ts";
export * from "./start-event-work.ts";
