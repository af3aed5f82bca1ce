import type { Clock } from "../../kernel/clock.ts";
import { DEFAULT_LIMITS } from "../../kernel/limits.ts";
import { createProcessKey, type ProcessKey } from "./process-key.ts";
import { Roster } from "./roster.ts";
import { SignedPrincipals } from "./signed-principals.ts";

/** A clock that stands still until a test moves it. Wall clock and monotonic clock move together. */
export class StandingClock implements Clock {
  #nowMs = 1_800_000_000_000;

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - 1_700_000_000_000;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }
}

/** Processes that know each other's keys. Each hosts the context of its name, or is the edge. */
export class SignedWorld {
  readonly clock = new StandingClock();
  readonly keys: ReadonlyMap<string, ProcessKey>;
  readonly roster: Roster;

  constructor(...names: readonly string[]) {
    this.keys = new Map(names.map((name) => [name, createProcessKey().key]));
    this.roster = new Roster(Object.fromEntries([...this.keys].map(([name, { publicKey }]) => [name, [publicKey]])));
  }

  key(name: string): ProcessKey {
    return this.keys.get(name) as ProcessKey;
  }

  principals(name: string, clock: Clock = this.clock): SignedPrincipals {
    return new SignedPrincipals({ key: this.key(name), roster: this.roster, clock, limits: DEFAULT_LIMITS });
  }
}
