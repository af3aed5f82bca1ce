import { expect, test } from "vitest";
import { inParallel } from "./in-parallel.ts";

test("inParallel runs a few works at once, and returns their results in sequence", async () => {
  let running = 0;
  let most = 0;
  const done = await inParallel(
    Array.from({ length: 20 }, (_, index) => index),
    3,
    async (index) => {
      most = Math.max(most, ++running);
      for (let turn = 20 - index; turn > 0; turn--) await undefined;
      running--;
      return index * 2;
    },
  );
  expect([done, most]).toEqual([Array.from({ length: 20 }, (_, index) => index * 2), 3]);
});

test("inParallel fails if one of its works fails", async () => {
  const run = async (index: number) => {
    if (index === 1) throw new RangeError("one is too many");
  };
  await expect(inParallel([0, 1, 2], 2, run)).rejects.toThrow("one is too many");
  expect(await inParallel([], 2, run)).toEqual([]);
});
