import { describe, expect, it } from "vitest";
import { type GiveBack, RateCounter, type RateStore, type SharedTotal } from "./rate-counter.ts";

function open(deps: Partial<Omit<ConstructorParameters<typeof RateCounter>[0], "clock">> = {}) {
  const time = { nowMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  return { time, counter: new RateCounter({ limit: 5, windowMs: 1_000, keysCount: 100, shared: undefined, ...deps, clock }) };
}

/** The answer to a call that passes. */
const PASSES: unknown = expect.any(Function);

const times = (count: number, take: () => number) => Array.from({ length: count }, take);

describe("RateCounter, alone", () => {
  it("lets the limit pass in a window, then says how long to wait, and begins anew", () => {
    const { counter, time } = open();
    time.nowMs = 100;
    expect(times(5, () => counter.take("a"))).toEqual([0, 0, 0, 0, 0]);
    time.nowMs = 700;
    expect(counter.take("a")).toBe(400);
    time.nowMs = 1_100;
    expect(times(6, () => counter.take("a"))).toEqual([0, 0, 0, 0, 0, 1_000]);
  });

  it("counts each key by itself, and the calls of a batch each", () => {
    const { counter } = open();
    expect([counter.take("a", 4), counter.take("b"), counter.take("a", 2), counter.take("a")]).toEqual([0, 0, 1_000, 0]);
  });

  it("lets a batch that is greater than the limit pass when nothing else was counted", () => {
    const { counter } = open();
    expect([counter.take("a", 20), counter.take("a")]).toEqual([0, 1_000]);
  });

  it("gives back what succeeded", async () => {
    const { counter } = open({ limit: 1 });
    const giveBack = await counter.takeExactly("a");
    expect(await counter.takeExactly("a")).toBe(1_000);
    (giveBack as GiveBack)();
    expect(await counter.takeExactly("a")).toEqual(PASSES);
  });

  it("forgets a key of which everything was given back, so that it takes no place from one that counts", async () => {
    const { counter } = open({ limit: 1, keysCount: 2 });
    await counter.takeExactly("guessed");
    for (const key of ["a", "b", "c"]) ((await counter.takeExactly(key)) as GiveBack)();
    expect([await counter.takeExactly("guessed"), counter.size]).toEqual([1_000, 1]);
  });

  it("gives a call back to the window in which it counted, not to a later one", async () => {
    const { counter, time } = open({ limit: 2 });
    const giveBack = await counter.takeExactly("a");
    time.nowMs = 1_000;
    await counter.takeExactly("a");
    await counter.takeExactly("a");
    (giveBack as GiveBack)();
    expect(await counter.takeExactly("a")).toBe(1_000);
  });

  it("remembers only so many keys, and forgets the oldest first", () => {
    const { counter } = open({ limit: 1, keysCount: 10 });
    counter.take("oldest");
    counter.take("old");
    for (let index = 0; index < 9; index++) counter.take(`key ${index}`);
    expect(counter.size).toBe(10);
    expect([counter.take("old"), counter.take("oldest")]).toEqual([1_000, 0]);
  });
});

/** A store in which other edges count too. */
class OthersToo implements ReturnType<RateStore["totals"]> {
  count = 0;
  leftMs = 300;
  asked = 0;
  async add(_key: string, count: number): Promise<SharedTotal | undefined> {
    this.asked++;
    this.count += count;
    return { count: this.count, leftMs: this.leftMs };
  }
}

describe("RateCounter, together with others", () => {
  it("learns what the others let through, and when their window ends", async () => {
    const shared = new OthersToo();
    const { counter } = open({ limit: 100, shared });
    shared.count = 97;
    expect(counter.take("a", 2)).toBe(0);
    await Promise.resolve();
    expect([counter.take("a"), counter.take("a")]).toEqual([0, 300]);
  });

  it("asks once for many calls", () => {
    const shared = new OthersToo();
    const { counter } = open({ limit: 1_000, shared });
    times(399, () => counter.take("a"));
    expect(shared.asked).toBe(1);
  });

  it("asks the shared store before it answers if each call counts, and not again once the limit is reached", async () => {
    const shared = new OthersToo();
    const { counter } = open({ limit: 3, shared });
    shared.count = 1;
    expect([await counter.takeExactly("a"), await counter.takeExactly("a"), await counter.takeExactly("a")]).toEqual([PASSES, PASSES, 300]);
    expect(shared.count).toBe(3);
    const alone = open({ limit: 1, shared: { add: async () => undefined } }).counter;
    expect([await alone.takeExactly("a"), await alone.takeExactly("a")]).toEqual([PASSES, 1_000]);
  });

  it("ends its window with that of the others", async () => {
    const shared = new OthersToo();
    const { counter, time } = open({ limit: 1, shared });
    expect(await counter.takeExactly("a")).toEqual(PASSES);
    time.nowMs = 300;
    shared.count = 0;
    expect(await counter.takeExactly("a")).toEqual(PASSES);
  });

  it("ends its window no later because its last call began the next window of the others", async () => {
    const shared = new OthersToo();
    const { counter, time } = open({ limit: 2, shared });
    await counter.takeExactly("a");
    time.nowMs = 299;
    [shared.count, shared.leftMs] = [0, 1_000];
    await counter.takeExactly("a");
    time.nowMs = 300;
    expect(await counter.takeExactly("a")).toEqual(PASSES);
  });

  it("takes nothing back from the others in a later window, nor what they never counted", async () => {
    const shared = new OthersToo();
    const { counter, time } = open({ limit: 5, shared });
    const late = await counter.takeExactly("a");
    time.nowMs = 300;
    shared.add = async () => undefined;
    const uncounted = await counter.takeExactly("b");
    shared.add = OthersToo.prototype.add;
    for (const giveBack of [late, uncounted]) (giveBack as GiveBack)();
    expect(shared.count).toBe(1);
  });
});
