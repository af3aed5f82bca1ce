import { type App, defineApp } from "holon";
import { SUBSCRIBERS } from "./contracts.ts";
import { ordersModule } from "./orders.ts";
import { createSubscriber } from "./subscriber.ts";

/** One context that emits, and three that subscribe to it. */
export function createDeliveryApp(migrations: string): App {
  return defineApp({ name: "delivery", contexts: [ordersModule, ...SUBSCRIBERS.map(createSubscriber)], migrations });
}
