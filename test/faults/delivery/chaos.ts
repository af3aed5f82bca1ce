import { setTimeout as sleep } from "node:timers/promises";
import type { FaultProcess } from "../harness/fault-process.ts";
import type { Fleet } from "../harness/fleet.ts";
import { waitUntil } from "../harness/wait.ts";
import { SUBSCRIBERS } from "./contracts.ts";

/** The kinds of faults that a fleet suffers. */
export const FAULTS = ["processKilled", "queuesEmptied", "redisKilled", "redisSetBack", "postgresKilled", "processPaused"] as const;

export type Fault = (typeof FAULTS)[number];

/** The number of faults that really happened, by kind. */
export type FaultCounts = Record<Fault, number>;

/** Causes faults in a fleet, and counts them. */
export class Chaos {
  readonly counts: FaultCounts = { processKilled: 0, queuesEmptied: 0, redisKilled: 0, redisSetBack: 0, postgresKilled: 0, processPaused: 0 };
  /** Jobs that were lost when queues were emptied. */
  jobsLost = 0;
  readonly #fleet: Fleet;
  readonly #random: () => number;

  constructor(fleet: Fleet, random: () => number) {
    this.#fleet = fleet;
    this.#random = random;
  }

  /** The faults that are possible with this fleet. */
  get possible(): readonly Fault[] {
    return FAULTS.filter((fault) => this.#fleet.queues.redis !== undefined || !fault.startsWith("redis"));
  }

  do(fault: Fault): Promise<void> {
    return this[fault]();
  }

  /**
   * Kills processes, one after the other, until the signal is aborted. It kills the next one when at most one is still starting: where a start takes
   * longer than the time between two kills, no process would ever get to its work.
   */
  async killProcesses(signal: AbortSignal, onKilled: () => void = () => {}): Promise<void> {
    while (!signal.aborted) {
      await sleep(500 + this.#random() * 2_500, undefined, { signal }).catch(() => {});
      await waitUntil("at most one process is starting", () => signal.aborted || this.#fleet.processes.filter(({ isReady }) => !isReady).length <= 1);
      if (signal.aborted) return;
      await this.processKilled();
      onKilled();
    }
  }

  async processKilled(): Promise<void> {
    const { processes } = this.#fleet;
    const victim = processes[Math.floor(this.#random() * processes.length)] as FaultProcess;
    const deaths = victim.deaths.length;
    if (!victim.kill()) return;
    await victim.died(deaths + 1);
    if (victim.deaths.at(-1) === "SIGKILL") this.counts.processKilled++;
  }

  /** Empties the queues while a message waits in them. To make one wait, a subscriber is paused. */
  async queuesEmptied(): Promise<void> {
    const { queues } = this.#fleet;
    await this.#withPaused(async (victim) => {
      await waitUntil(`something waits for ${victim.name}`, async () => {
        // It may have been killed meanwhile. The process that is started in its place is paused too.
        victim.pause();
        return (await queues.waiting(`events.${victim.name}`)) > 0;
      });
      const lost = await queues.flush();
      this.jobsLost += lost;
      if (lost > 0) this.counts.queuesEmptied++;
    });
  }

  /** Kills Redis. It comes back empty, because with the default configuration it had no time to save anything. */
  async redisKilled(): Promise<void> {
    const redis = this.#redis();
    await redis.kill();
    await sleep(this.#random() * 1_000);
    await redis.start();
    this.counts.redisKilled++;
  }

  /** Kills Redis. It comes back with the data of a moment earlier. */
  async redisSetBack(): Promise<void> {
    const redis = this.#redis();
    await redis.snapshot();
    await sleep(500 + this.#random() * 1_000);
    await redis.kill();
    await redis.start();
    this.counts.redisSetBack++;
  }

  async postgresKilled(): Promise<void> {
    await this.#fleet.postgres.restart();
    this.counts.postgresKilled++;
  }

  /** Pauses a subscriber for a while, as a swapping machine or a long garbage collection does. */
  async processPaused(): Promise<void> {
    await this.#withPaused(async () => {
      await sleep(1_000 + this.#random() * 2_000);
      this.counts.processPaused++;
    });
  }

  async #withPaused(work: (victim: FaultProcess) => Promise<void>): Promise<void> {
    const name = SUBSCRIBERS[Math.floor(this.#random() * SUBSCRIBERS.length)] as string;
    const victim = this.#fleet.process(name);
    await victim.ready();
    victim.pause();
    try {
      await work(victim);
    } finally {
      victim.resume();
    }
  }

  #redis() {
    const { redis } = this.#fleet.queues;
    if (redis === undefined) throw new TypeError("this fleet has no Redis to kill");
    return redis;
  }
}
