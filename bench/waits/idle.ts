import { setTimeout as sleep } from "node:timers/promises";

/** How many single events are timed before the burst. */
export const IDLE_COUNT = 200;

/** How many single runs of a workflow are timed before the burst. */
export const IDLE_RUNS = 50;

/** Waits 5 to 25 ms, so that earlier work can end. The time is random, so that pieces of work do not all begin at the same moment of a poller's interval. */
export function pause(): Promise<void> {
  return sleep(5 + Math.random() * 20);
}
