import { setTimeout as sleep } from "node:timers/promises";
import type { FaultProcess } from "../harness/fault-process.ts";
import type { Fleet } from "../harness/fleet.ts";
import { waitUntil } from "../harness/wait.ts";
import { SUBSCRIBERS } from "./contracts.ts";

/** What is done to a fleet. */
export const FAULTS = ["processKilled", "queuesEmptied", "redisKilled", "redisSetBack", "postgresKilled", "processPaused"] as const;

export type Fault = (typeof FAULTS)[number];

/** Faults that really happened. */
export type FaultCounts = Record<Fault, number>;

/** Does harm to a fleet, and counts the harm that was done. */
export class Chaos {
  readonly counts: FaultCounts = { processKilled: 0, queuesEmptied: 0, redisKilled: 0, redisSetBack: 0, postgresKilled: 0, processPaused: 0 };
  /** Jobs that were lost with emptied queues. */
  jobsLost = 0;
  readonly #fleet: Fleet;
  readonly #random: () => number;

  constructor(fleet: Fleet, random: () => number) {
    this.#fleet = fleet;
    this.#random = random;
  }

  /** Those that this fleet can suffer. */
  get possible(): readonly Fault[] {
    return FAULTS.filter((fault) => this.#fleet.queues.redis !== undefined || !fault.startsWith("redis"));
  }

  do(fault: Fault): Promise<void> {
    return this[fault]();
  }

  /** Kills one process after the other, until the signal. */
  async killProcesses(signal: AbortSignal, onKilled: () => void = () => {}): Promise<void> {
    while (!signal.aborted) {
      await sleep(500 + this.#random() * 2_500, undefined, { signal }).catch(() => {});
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

  /** Empties the queues while there is something on them: a subscriber stands still until then. */
  async queuesEmptied(): Promise<void> {
    const { queues } = this.#fleet;
    await this.#withPaused(async (name) => {
      await waitUntil(`something waits for ${name}`, async () => (await queues.waiting(`events.${name}`)) > 0);
      const lost = await queues.flush();
      this.jobsLost += lost;
      if (lost > 0) this.counts.queuesEmptied++;
    });
  }

  /** Kills Redis, which comes back empty: the stock configuration had no time to write anything down. */
  async redisKilled(): Promise<void> {
    const redis = this.#redis();
    await redis.kill();
    await sleep(this.#random() * 1_000);
    await redis.start();
    this.counts.redisKilled++;
  }

  /** Kills Redis, which comes back with what it held a while ago. */
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

  /** Lets a subscriber stand still for a while, as a swapping machine or a long collection does. */
  async processPaused(): Promise<void> {
    await this.#withPaused(async () => {
      await sleep(1_000 + this.#random() * 2_000);
      this.counts.processPaused++;
    });
  }

  async #withPaused(work: (name: string) => Promise<void>): Promise<void> {
    const name = SUBSCRIBERS[Math.floor(this.#random() * SUBSCRIBERS.length)] as string;
    const victim = this.#fleet.process(name);
    await victim.ready();
    victim.pause();
    try {
      await work(name);
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
