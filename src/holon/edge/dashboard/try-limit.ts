import type { Clock } from "../../kernel/index.ts";

/** Wrong tries that an address has. */
const TRIES = 5;
/** How long a wrong try counts. */
const COUNTED_MS = 5 * 60_000;
/** Addresses that are remembered; the one that tried longest ago is forgotten first. */
const GREATEST_COUNT = 10_000;

/** Counts wrong tries by address, so that nobody can guess on and on. */
export class TryLimit {
  readonly #clock: Clock;
  readonly #tries = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until this address may try again; 0 where it may now. */
  waitMs(address: string): number {
    const recent = this.#recent(address);
    const [oldest] = recent;
    return recent.length < TRIES || oldest === undefined ? 0 : oldest + COUNTED_MS - this.#clock.monotonicMs();
  }

  /** Counts a try before it is known whether it is good: many at once get no more than one after the other. */
  count(address: string): void {
    const tries = [...this.#recent(address), this.#clock.monotonicMs()];
    this.#tries.delete(address);
    this.#tries.set(address, tries);
    if (this.#tries.size > GREATEST_COUNT) this.#tries.delete(this.#tries.keys().next().value ?? "");
  }

  /** The try was good. */
  forget(address: string): void {
    this.#tries.delete(address);
  }

  #recent(address: string): number[] {
    const since = this.#clock.monotonicMs() - COUNTED_MS;
    return (this.#tries.get(address) ?? []).filter((at) => at > since);
  }
}
