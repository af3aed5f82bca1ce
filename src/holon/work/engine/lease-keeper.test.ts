import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../data/child.testing.ts";
import { type Clock, silentLogger as log } from "../../kernel/index.ts";
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

/** Both sides in one thread, so that the test has the clock of both; the database renews all that it is asked for. */
beforeEach(() => {
  [nowMs, orders, asked, isTurning, onAsk] = [1_000, [], [], true, () => {}];
  let hear: (report: LeaseReport) => void = () => {};
  const keeper = new LeaseKeeper({
    ...{ clock, log, report: (report) => setImmediate(() => hear(report)) },
    open: () => ({
      rows: async (_text, params) => {
        const keys = JSON.parse(String(params[0])) as readonly { readonly n: number; readonly id: string; readonly fence: string }[];
        asked.push(keys.map(({ id, fence }) => `${id} ${fence}`));
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
    for (let time = 0; time < 10; time++) for (const release of ids.map((id) => hold(id))) release();
    for (const id of ids) hold(id);
    expect(orders.filter(({ kind }) => kind !== "beat").map(({ kind }) => kind)).toEqual(["open", "page", "page", "page"]);
    await block(150);
    expect([...(asked[0] ?? [])].sort()).toEqual(ids.map((id) => `${id} 1`).sort());
  });

  it("renews each claim until its own time is up, and none that ended", async () => {
    hold("short", 120);
    hold("long");
    const ended = hold("ended");
    ended();
    await block(110);
    expect(asked[0]).toEqual(["short 1", "long 1"]);
    await block(110);
    expect(asked[1]).toEqual(["long 1"]);
  });

  it("says when it asked for a renewal, on the clock of the main thread, also for a claim that ends before that is heard", async () => {
    const heard: string[] = [];
    hold("held", 10_000, (sentMs) => heard.push(`held ${sentMs}`));
    onAsk = hold("over", 10_000, (sentMs) => heard.push(`over ${sentMs}`));
    await block(110);
    await until(() => heard.length === 2);
    expect(heard).toEqual(["held 1110", "over 1110"]);
  });
});
