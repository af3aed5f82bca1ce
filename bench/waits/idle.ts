import { setTimeout as sleep } from "node:timers/promises";

/** How many single pieces of work are timed before a burst. */
export const IDLE_COUNT = 200;

/** How many single runs of workflows are timed before a burst. */
export const IDLE_RUNS = 50;

/** Waits until everything is idle. The time is random, so that pieces of work do not begin at the same moment of a poller's interval. */
export function pause(): Promise<void> {
  return sleep(5 + Math.random() * 20);
}
