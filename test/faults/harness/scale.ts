import { randomBytes } from "node:crypto";

/** The share of the counts that is run: a tenth in `.ci/run`, all in `.ci/full`. */
export const SCALE = Number(process.env["HOLON_FAULT_SCALE"] ?? 0.1);

/** A count of docs/promises.md, scaled. */
export function scaled(count: number, atLeast = 1): number {
  return Math.max(atLeast, Math.round(count * SCALE));
}

/** The seed of all random choices. It is printed, and `HOLON_FAULT_SEED` sets it again. */
export const SEED = Number(process.env["HOLON_FAULT_SEED"] ?? randomBytes(4).readUInt32BE());

/** Random numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
