import { setTimeout as sleep } from "node:timers/promises";

/** Single ones that are timed before a burst. */
export const IDLE_COUNT = 200;

/** Single runs of workflows that are timed before a burst. */
export const IDLE_RUNS = 50;

/** Lets everything come to rest, each time for another while, so that no rhythm of a poller is met. */
export function pause(): Promise<void> {
  return sleep(5 + Math.random() * 20);
}
