import type { FastifyInstance } from "fastify";
import { WheelEntry } from "../../kernel/timer-wheel.ts";
import type { EdgeParts } from "../edge-parts.ts";

/**
 * Closes a drained edge: waits for what is in flight within the grace period, then cuts the connections, which cancels what still runs.
 *
 * Guarantee: when it resolves, no socket and no timer of the edge is left.
 */
export async function runStop(app: FastifyInstance, parts: EdgeParts): Promise<void> {
  const { flights, wheel, clock, limits, log } = parts;
  const closed = app.close();
  const grace = new Grace();
  wheel.add(grace, clock.monotonicMs() + limits.graceMs);
  await Promise.race([flights.landed(), grace.over]);
  wheel.remove(grace);
  if (flights.count > 0) log.warn({ inFlightCount: flights.count }, "the grace period is over: what is in flight is cancelled");
  app.server.closeAllConnections();
  // The server counts connections, not answers. Only after this have all calls been cancelled whose client disconnected.
  await Promise.all([closed, flights.landed()]);
}

class Grace extends WheelEntry {
  readonly over: Promise<void>;
  #resolve: () => void = () => {};

  constructor() {
    super();
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  override expire(): void {
    this.#resolve();
  }
}
