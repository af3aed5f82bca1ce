import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { type HeldClaim, LeaseSlot } from "./lease-slot.ts";

const claim: HeldClaim = { number: 7, kind: 1, sinceMs: 1_234.5, forMs: 30_000, isAtWork: false, id: "a-1", fence: "3", name: "orders.place pay" };

/** One slot, as each of two threads sees it. */
function slots(): readonly [LeaseSlot, LeaseSlot] {
  const page = LeaseSlot.newPage();
  return [LeaseSlot.of(page)[1] as LeaseSlot, LeaseSlot.of(page)[1] as LeaseSlot];
}

/** Writes 100,000 claims into one slot as fast as it can. All words of one claim consist of one letter. */
const WRITER = `
const { workerData } = require("node:worker_threads");
import("tsx/esm/api").then(({ register }) => register() && import(workerData.program)).then(({ LeaseSlot }) => {
  const [slot] = LeaseSlot.of(workerData.page);
  for (let number = 1; number <= 100_000; number++) {
    const letter = "abcdefgh"[number % 8];
    slot.write({ number, kind: number % 8, sinceMs: number, forMs: 1, id: letter.repeat(36), fence: letter.repeat(36), name: letter.repeat(9) });
    if (number < 100_000) slot.clear();
  }
});`;

/** The claim that the writer wrote under this number. */
function written(number: number): HeldClaim {
  const letter = "abcdefgh"[number % 8] as string;
  const ids = { id: letter.repeat(36), fence: letter.repeat(36), name: letter.repeat(9) };
  return { number, kind: number % 8, sinceMs: number, forMs: 1, isAtWork: false, ...ids };
}

describe("a slot of a claim", () => {
  it("is read by another thread as it was written, until it is cleared", () => {
    const [ours, theirs] = slots();
    expect(theirs.read()).toBeUndefined();
    ours.write(claim);
    expect(theirs.read()).toEqual(claim);
    ours.clear();
    expect(theirs.read()).toBeUndefined();
  });

  it("shows whether the run of its claim is at work, and since when; a claim that is written later is not at work", () => {
    const [ours, theirs] = slots();
    ours.write(claim);
    ours.begin(2_000.5);
    expect(theirs.read()).toEqual({ ...claim, sinceMs: 2_000.5, isAtWork: true });
    ours.rest();
    expect(theirs.read()).toEqual({ ...claim, sinceMs: 2_000.5 });
    ours.begin(3_000);
    ours.clear();
    ours.write({ ...claim, number: 8 });
    expect(theirs.read()).toEqual({ ...claim, number: 8 });
  });

  it("shows when it is cleared whether its claim was read, not whether the claim before was", () => {
    const [ours, theirs] = slots();
    ours.write(claim);
    theirs.read();
    expect(ours.clear()).toBe(true);
    ours.write({ ...claim, number: 8 });
    expect(ours.clear()).toBe(false);
  });

  it("cuts a name that is too long, between two letters, and keeps the id and the fence", () => {
    const [ours, theirs] = slots();
    ours.write({ ...claim, name: "ü".repeat(1_000) });
    const read = theirs.read();
    expect(read).toEqual({ ...claim, name: expect.stringMatching(/^ü{200,}$/) });
  });

  it("does not affect its neighbours", () => {
    const all = LeaseSlot.of(LeaseSlot.newPage());
    for (const [n, slot] of all.entries()) slot.write({ ...claim, number: n + 1, name: "x".repeat(1_000) });
    all[1]?.clear();
    expect(all.map((slot) => slot.read()?.number)).toEqual(all.map((_, n) => (n === 1 ? undefined : n + 1)));
  });

  it("is never read by halves while another thread writes it", async () => {
    const page = LeaseSlot.newPage();
    const program = new URL("lease-slot.ts", import.meta.url).href;
    const worker = new Worker(WRITER, { eval: true, workerData: { page, program } });
    const ended = once(worker, "exit");
    let isWriting = true;
    void ended.then(() => {
      isWriting = false;
    });
    const [slot] = LeaseSlot.of(page) as [LeaseSlot];
    const torn: HeldClaim[] = [];
    let last = 0;
    while (isWriting) {
      for (let time = 0; time < 1_000; time++) {
        const read = slot.read();
        if (read === undefined) continue;
        last = read.number;
        if (JSON.stringify(read) !== JSON.stringify(written(last))) torn.push(read);
      }
      await turn();
    }
    await ended;
    expect(torn).toEqual([]);
    expect(slot.read()).toEqual(written(100_000));
  });
});
