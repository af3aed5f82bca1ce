import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../kernel/clock.ts";
import { silentLogger as log } from "../../kernel/log.ts";
import { Timers } from "../../kernel/timers.ts";
import { Leases, type Renewal } from "./leases.ts";

interface Claim {
  readonly id: string;
  readonly fence: number;
}

let nowMs = 0;
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
let renewals: (readonly Claim[])[] = [];
let answer: (claims: readonly Claim[]) => Promise<Renewal<Claim>>;
let leases: Leases<Claim>;

async function pass(ms: number): Promise<void> {
  nowMs += ms;
  await sleep(100);
}

beforeEach(() => {
  renewals = [];
  answer = async (claims) => ({ renewed: new Set(claims), lost: new Set() });
  const timers = new Timers(() => nowMs);
  leases = new Leases<Claim>({
    ...{ clock, timers, log, random: () => 0, task: "leases", leaseMs: 15_000 },
    renew: (claims) => {
      renewals.push(claims);
      return answer(claims);
    },
  });
});

afterEach(() => leases.close());

describe("leases", () => {
  it("are renewed while they are held, and not after they are released", async () => {
    const lease = leases.hold({ id: "a", fence: 1 }, nowMs, () => {});
    for (let time = 0; time < 6; time++) await pass(5_100);
    expect(lease.isHeld).toBe(true);
    lease.release();
    const before = renewals.length;
    await pass(5_100);
    expect(renewals.length).toBe(before);
  });

  it("of two runs of one row do not end each other", async () => {
    const lost: string[] = [];
    const first = leases.hold({ id: "a", fence: 1 }, nowMs, () => lost.push("first"));
    const second = leases.hold({ id: "a", fence: 2 }, nowMs, () => lost.push("second"));
    first.release();
    expect([first.isHeld, second.isHeld, leases.size]).toEqual([false, true, 1]);
    await pass(5_100);
    expect(renewals.at(-1)).toEqual([{ id: "a", fence: 2 }]);
    expect(lost).toEqual([]);
  });

  it("that another process has are reported lost once, and not renewed any more", async () => {
    const reasons: string[] = [];
    leases.hold({ id: "a", fence: 1 }, nowMs, ({ message }) => reasons.push(message));
    const kept = leases.hold({ id: "b", fence: 1 }, nowMs, () => reasons.push("b"));
    answer = async (claims) => ({
      renewed: new Set(claims.filter(({ id }) => id === "b")),
      lost: new Set(claims.filter(({ id }) => id === "a")),
    });
    await pass(5_100);
    await pass(5_100);
    expect(reasons).toEqual(["The lease was lost: another process has it."]);
    expect(renewals.at(-1)).toEqual([{ id: "b", fence: 1 }]);
    kept.release();
  });

  it("that cannot be renewed are lost when their time is over, by this process's own clock", async () => {
    const reasons: string[] = [];
    const lease = leases.hold({ id: "a", fence: 1 }, nowMs, ({ message }) => reasons.push(message));
    answer = async () => {
      throw new Error("no answer");
    };
    for (let time = 0; time < 2; time++) await pass(5_100);
    expect(lease.isHeld).toBe(true);
    await pass(5_100);
    expect(reasons).toEqual(["The lease was lost: it could not be renewed in time."]);
  });

  it("whose rows are locked are neither renewed nor lost, and their renewal is asked for again", async () => {
    const reasons: string[] = [];
    leases.hold({ id: "a", fence: 1 }, nowMs, ({ message }) => reasons.push(message));
    answer = async () => ({ renewed: new Set(), lost: new Set() });
    await pass(5_100);
    await pass(5_100);
    expect([reasons, renewals.length]).toEqual([[], 2]);
    await pass(5_100);
    expect(reasons).toEqual(["The lease was lost: it could not be renewed in time."]);
  });

  it("count from the moment before the claim was sent, not from when its answer came", async () => {
    const reasons: string[] = [];
    answer = async () => ({ renewed: new Set(), lost: new Set() });
    leases.hold({ id: "a", fence: 1 }, nowMs - 14_000, ({ message }) => reasons.push(message));
    await pass(1_100);
    expect(reasons).toHaveLength(1);
  });

  it("are renewed at once when a third of their time has passed before they are held", () => {
    leases.hold({ id: "a", fence: 1 }, nowMs - 4_900, () => {});
    expect(renewals).toEqual([]);
    leases.hold({ id: "b", fence: 1 }, nowMs - 5_100, () => {});
    expect(renewals).toEqual([
      [
        { id: "a", fence: 1 },
        { id: "b", fence: 1 },
      ],
    ]);
  });

  it("let no run begin after their end, also before a timer has noticed it, and are lost then", async () => {
    const reasons: string[] = [];
    const hold = (sinceMs: number) => leases.hold({ id: "a", fence: 1 }, sinceMs, ({ message }) => reasons.push(message));
    answer = async () => ({ renewed: new Set(), lost: new Set() });
    const [late, timely] = [hold(nowMs - 15_000), hold(nowMs - 14_000)];
    expect([await late.mayBegin(), await timely.mayBegin(), late.isHeld, timely.isHeld]).toEqual([false, true, false, true]);
    expect(reasons).toEqual(["The lease was lost: it was over before the run began."]);
  });

  it("let a run begin that a second thread has renewed while this one was blocked: its message is read first", async () => {
    const { port1: here, port2: there } = new MessageChannel();
    answer = async () => ({ renewed: new Set(), lost: new Set() });
    const lease = leases.hold({ id: "a", fence: 1 }, nowMs - 15_000, () => {});
    here.on("message", () => lease.renewed(nowMs - 1_000));
    there.postMessage("renewed");
    expect(await lease.mayBegin()).toBe(true);
    here.close();
  });

  it("let a run begin that a second thread has renewed while the run before it blocked this one: its message is read as well", async () => {
    const { port1: here, port2: there } = new MessageChannel();
    answer = async () => ({ renewed: new Set(), lost: new Set() });
    const [first, second] = [
      leases.hold({ id: "a", fence: 1 }, nowMs - 15_000, () => {}),
      leases.hold({ id: "b", fence: 1 }, nowMs - 15_000, () => {}),
    ];
    here.on("message", () => {
      first.renewed(nowMs - 1_000);
      second.renewed(nowMs - 1_000);
    });
    there.postMessage("renewed");
    const blocked = first.mayBegin().then(() => {
      nowMs += 16_000;
      there.postMessage("renewed");
    });
    expect(await second.mayBegin()).toBe(true);
    await blocked;
    here.close();
  });

  it("do not end sooner because of an answer that is older than the renewal by a second thread", () => {
    const lease = leases.hold({ id: "a", fence: 1 }, nowMs, () => {});
    lease.renewed(nowMs);
    lease.renewed(nowMs - 10_000);
    nowMs += 6_000;
    expect(lease.isOver).toBe(false);
    lease.release();
  });

  it("are over, for a run that was to begin, once another one has blocked this thread in between", async () => {
    const lease = leases.hold({ id: "a", fence: 1 }, nowMs, () => {});
    expect([await lease.mayBegin(), lease.isOver]).toEqual([true, false]);
    nowMs += 15_000;
    expect(lease.isOver).toBe(true);
    lease.release();
    expect(lease.isOver).toBe(false);
  });
});
