import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import type { Clock } from "../../kernel/clock.ts";
import { silentLogger as log } from "../../kernel/log.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { type LeaseOrder, type LeaseReport, LeaseThread, type TellThread } from "./lease-thread.ts";

const LEASE_MS = 300;
let nowMs = 0;
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
let orders: LeaseOrder[];
let asked: (readonly string[])[];
let thread: LeaseThread;
let tell: TellThread;
/** Whether signs of life arrive. */
let isTurning: boolean;
let onAsk: () => void;

/** Both sides in one thread, so that the test controls the clock of both. The database renews each claim that it is asked to renew. */
beforeEach(() => {
  [nowMs, orders, asked, isTurning, onAsk] = [1_000, [], [], true, () => {}];
  let hear: (report: LeaseReport) => void = () => {};
  const keeper = new LeaseKeeper({
    ...{ clock, log, report: (report) => setImmediate(() => hear(report)) },
    open: () => ({
      rows: async (_text, params) => {
        const keys = JSON.parse(String(params[0])) as readonly { readonly n: number; readonly id: string; readonly fence: string }[];
        asked.push(keys.map(({ id, fence }) => `${id} ${fence}`).sort());
        onAsk();
        return keys.map(({ n }) => ({ n, renewed: true }));
      },
      close: async () => {},
    }),
  });
  const worker = {
    postMessage(order: LeaseOrder) {
      orders.push(order);
      if (order.kind !== "beat" || isTurning) keeper.take(order);
    },
    on(event: string, listener: (value: never) => void) {
      if (event === "message") hear = listener as typeof hear;
    },
    ...{ unref() {}, terminate: async () => keeper.close() },
  };
  thread = new LeaseThread({ start: () => worker, clock, log });
  tell = thread.open({ context: "orders", url: "", role: undefined }, { text: "", leaseMs: LEASE_MS });
});
afterEach(() => thread.close());

/** Lets time pass without a sign of life, until the next renewal. */
async function block(ms: number): Promise<void> {
  isTurning = false;
  const before = asked.length;
  nowMs += ms;
  await until(() => asked.length > before);
}

const hold = (id: string, forMs = 10_000, onRenewed: (sentMs: number) => void = () => {}) =>
  tell({ id, fence: "1", name: "orders.pay", forMs }, onRenewed);

describe("the thread that renews leases while a process is blocked", () => {
  it("knows of claims without a message for each, also of more than one page of them", async () => {
    const ids = Array.from({ length: 150 }, (_, n) => `id-${n}`);
    for (let time = 0; time < 10; time++) for (const told of ids.map((id) => hold(id))) told.ends();
    for (const id of ids) hold(id);
    expect(orders.filter(({ kind }) => kind !== "beat").map(({ kind }) => kind)).toEqual(["open", "page", "page", "page"]);
    await block(150);
    expect(asked[0]).toEqual(ids.map((id) => `${id} 1`).sort());
  });

  it("renews each claim until its own time is up, and no claim that has ended", async () => {
    hold("short", 120);
    hold("long");
    const ended = hold("ended");
    ended.ends();
    await block(110);
    expect(asked[0]).toEqual(["long 1", "short 1"]);
    await block(110);
    expect(asked[1]).toEqual(["long 1"]);
  });

  it("counts the time of a run from when it begins", async () => {
    const waited = hold("waited", 120);
    nowMs += 100;
    waited.begins();
    await block(110);
    expect(asked).toEqual([["waited 1"]]);
  });

  it("renews claims that wait to begin, or for their end to be written, for as long as a run at work may take", async () => {
    const [handled, long] = [hold("handled", 50), hold("long", 230)];
    hold("waiting", 50);
    long.begins();
    handled.begins();
    handled.rests();
    await block(110);
    await block(110);
    const all = ["handled 1", "long 1", "waiting 1"];
    expect(asked).toEqual([all, all]);
    hold("last");
    await block(110);
    expect(asked[2]).toEqual(["last 1"]);
  });

  it("renews runs that begin one after the other while the process is blocked until the time of the last one is up", async () => {
    const [first, second] = [hold("first", 100), hold("second", 100)];
    isTurning = false;
    nowMs += 1;
    first.begins();
    nowMs += 90;
    second.begins();
    await block(60);
    expect(asked).toEqual([["first 1", "second 1"]]);
  });

  it("renews no run for longer than its own time because of others that began before the last beat: it may be the one that computes", async () => {
    const [first, second] = [hold("first", 100), hold("second")];
    first.begins();
    nowMs += 1;
    second.begins();
    await until(() => orders.some(({ kind, atMs }) => kind === "beat" && atMs === nowMs));
    await block(110);
    expect(asked).toEqual([["second 1"]]);
  });

  it("reports when it asked for a renewal, on the clock of the main thread, also for a claim that ends before the report comes", async () => {
    const heard: string[] = [];
    hold("held", 10_000, (sentMs) => heard.push(`held ${sentMs}`));
    const over = hold("over", 10_000, (sentMs) => heard.push(`over ${sentMs}`));
    onAsk = () => over.ends();
    await block(110);
    await until(() => heard.length === 2);
    expect(heard).toEqual(["held 1110", "over 1110"]);
  });
});
