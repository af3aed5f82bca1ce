import { describe, expect, it } from "vitest";
import { PositionOrder } from "./position-order.ts";

const at = (...positions: readonly number[]) => positions.map((position) => ({ position }));
const writers = (...names: readonly string[]): ReadonlySet<string> => new Set(names);
const positions = (rows: readonly { readonly position: number }[]): number[] => rows.map(({ position }) => position);

describe("the order of positions", () => {
  it("hands out at once a row without a gap below it", () => {
    const order = new PositionOrder(4);
    expect(positions(order.take(at(5, 6, 7), undefined))).toEqual([5, 6, 7]);
    expect([order.settled, order.gaps]).toEqual([7, []]);
  });

  it("holds rows back behind a missing position, until it comes", () => {
    const order = new PositionOrder(4);
    expect(positions(order.take(at(5, 7, 8), undefined))).toEqual([5]);
    expect(order.settled).toBe(5);
    expect(positions(order.take(at(9), writers("t")))).toEqual([]);
    expect(positions(order.take(at(6), writers()))).toEqual([6, 7, 8, 9]);
  });

  it("gives up a position only at the look after the one that found its writers ended", () => {
    const order = new PositionOrder(4);
    order.take(at(6), undefined);
    expect(positions(order.take([], writers("t", "other")))).toEqual([]);
    expect(positions(order.take([], writers("t")))).toEqual([]);
    // The transaction ended after the look and before the writers were read, so the look may have missed its row.
    expect(positions(order.take([], writers("later")))).toEqual([]);
    expect(positions(order.take([], writers("later")))).toEqual([6]);
    expect(order.settled).toBe(6);
  });

  it("does not wait for transactions that began to write after the gap was found", () => {
    const order = new PositionOrder(0);
    order.take(at(2), undefined);
    order.take([], writers());
    expect(positions(order.take([], writers("new")))).toEqual([2]);
  });

  it("waits for the rest of a gap that is filled in part", () => {
    const order = new PositionOrder(0);
    order.take(at(6), undefined);
    expect(positions(order.take(at(1, 3), writers("t")))).toEqual([1]);
    expect(order.gaps).toEqual([
      { from: 2, to: 2, writers: writers("t") },
      { from: 4, to: 5, writers: writers("t") },
    ]);
    order.take(at(2), writers());
    expect(positions(order.take([], writers()))).toEqual([6]);
  });

  it("hands out every committed row once and in order, whenever each becomes visible", () => {
    for (let seed = 1; seed <= 300; seed++) expect(seen(seed)).toEqual({ seed, handedOut: true });
  });
});

/** Simulates writers that take positions, and commit or roll back in any order, with a look now and then. */
function seen(seed: number): { readonly seed: number; readonly handedOut: boolean } {
  let state = seed;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const order = new PositionOrder(0);
  const open = new Map<number, string>();
  const visible = new Set<number>();
  const out: number[] = [];
  const endOne = (): void => {
    const [position] = [...open.keys()].filter((_, index) => index === random(open.size));
    if (position === undefined) return;
    open.delete(position);
    if (random(4) > 0) visible.add(position);
  };
  const look = (): void => {
    const rows = [...visible]
      .filter((position) => position > order.read || order.gaps.some(({ from, to }) => from <= position && position <= to))
      .map((position) => ({ position }));
    const asks = order.gaps.length > 0;
    if (random(2) === 0) endOne(); // This is after the look, and before the writers are read.
    out.push(...positions(order.take(rows, asks ? new Set(open.values()) : undefined)));
  };
  for (let position = 1; position <= 40; position++) {
    open.set(position, `t${position}`);
    if (random(2) === 0) endOne();
    if (random(3) === 0) look();
  }
  while (open.size > 0) endOne();
  for (let count = 0; count < 4; count++) look();
  const expected = [...visible].sort((one, other) => one - other);
  return { seed, handedOut: JSON.stringify(out) === JSON.stringify(expected) };
}
