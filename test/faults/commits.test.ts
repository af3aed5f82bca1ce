import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SUBSCRIBERS } from "./delivery/contracts.ts";
import { accountOf, balanced, isQuiet, lonelyRows } from "./delivery/ledger.ts";
import { createOrder } from "./delivery/load.ts";
import { LISTENERS, startDelivery } from "./delivery/start-delivery.ts";
import { callOnce, callUntilAnswered } from "./harness/calls.ts";
import type { Fleet } from "./harness/fleet.ts";
import { holdLock, type WAITS } from "./harness/lock.ts";
import { MutingProxy } from "./harness/muting-proxy.ts";
import { say } from "./harness/say.ts";
import { createRandom, SEED, scaled } from "./harness/scale.ts";
import { showingOnFailure } from "./harness/showing-on-failure.ts";
import { waitUntil } from "./harness/wait.ts";

/**
 * P1 and P13: processes die and connections are cut around a commit.
 *
 * docs/promises.md says with which changes these tests were seen to fail.
 */
const options = { timeout: 900_000 };

/** The orders that are open when a process dies: at most as many as its pool has connections. */
const BATCH = 5;

/** Points inside the handler, and whether an order is kept if its process dies there. */
const POINTS = [
  ["before-transaction", false],
  ["order-written", false],
  ["lines-written", false],
  ["event-emitted", false],
  ["committed", true],
] as const;

/** How many answers are lost at once. */
const LOST_BATCH = 25;

const random = createRandom(SEED);

describe(`an order, seed ${SEED}`, options, () => {
  let fleet: Fleet;
  afterAll(() => fleet?.close());

  it("is stored with its event or not at all, wherever its process dies", options, async () => {
    fleet = await startDelivery("postgres", { members: [{ name: "orders", contexts: "orders", roles: "edge,rpc,jobs" }, LISTENERS] });
    const [process, sql, url] = [fleet.process("orders"), fleet.sql("orders"), fleet.url("orders")];
    const rounds = Math.ceil(scaled(50, BATCH) / BATCH);
    const died: Record<string, number> = {};
    const kept: Record<string, number> = {};
    const place = (prefix: string) =>
      Promise.all(Array.from({ length: BATCH }, (_, n) => callOnce(url, "orders.placeByHand", createOrder(`${prefix}-${n}`, random))));
    /** Makes the process die in the middle of a batch. */
    const dieIn = async (point: string, prefix: string, begin: () => Promise<void>, expected: number): Promise<void> => {
      const deaths = process.deaths.length;
      const placed = place(prefix);
      await begin();
      await process.died(deaths + 1);
      expect((await placed).map(({ status }) => status)).toEqual(Array(BATCH).fill(expected));
      expect(process.deaths.at(-1)).toBe("SIGKILL");
      died[point] = (died[point] ?? 0) + BATCH;
      const [row] = await sql`select count(*)::int as n from orders.orders where starts_with(id, ${`${prefix}-`})`;
      kept[point] = (kept[point] ?? 0) + (row?.["n"] as number);
      await process.ready();
    };
    const inside = async (place: keyof typeof WAITS, round: number): Promise<void> => {
      const lock = await holdLock(sql, place);
      await dieIn(
        place,
        `${place}-${round}`,
        async () => {
          await lock.awaited(BATCH);
          process.kill();
          // In every second round, the lock is released only after the server has noticed that the process is gone. In the others the statements may go on.
          if (round % 2 === 1) await lock.awaited(0);
          await lock.release();
        },
        0,
      );
    };
    for (let round = 0; round < rounds; round++) {
      for (const [point] of POINTS) {
        await process.arm(point, BATCH);
        await dieIn(point, `${point}-${round}`, async () => {}, 0);
      }
      await inside("statement", round);
      await inside("commit", round);
      const deaths = process.deaths.length;
      expect((await place(`answered-${round}`)).map(({ status }) => status)).toEqual(Array(BATCH).fill(200));
      process.kill();
      await process.died(deaths + 1);
      died["answered"] = (died["answered"] ?? 0) + BATCH;
      await process.ready();
    }
    await waitUntil("nothing is unacknowledged, waiting or held", () => isQuiet(fleet));

    const total = Number((await sql`select count(*) as n from orders.orders`)[0]?.["n"]);
    say("around the commit", { seed: SEED, died, kept, total });
    expect(died).toEqual(
      Object.fromEntries([...POINTS.map(([point]) => point), "statement", "commit", "answered"].map((point) => [point, rounds * BATCH])),
    );
    for (const [point, isKept] of POINTS) expect({ [point]: kept[point] }).toEqual({ [point]: isKept ? rounds * BATCH : 0 });
    expect(await lonelyRows(fleet)).toEqual([]);
    for (const name of SUBSCRIBERS) expect(await accountOf(fleet, name)).toEqual(balanced(total));
  });
});

describe(`a call whose answer is lost after its commit, seed ${SEED}`, options, () => {
  let fleet: Fleet;
  let proxy: MutingProxy;
  /** Orders that earlier tests have placed. */
  let placed = 0;
  let probes = 0;
  afterAll(() => fleet?.close());

  /** An edge, and orders behind a connection that can be cut. */
  beforeAll(async () => {
    fleet = await startDelivery("postgres", {
      members: [{ name: "edge", contexts: "none", roles: "edge" }, { name: "orders", contexts: "orders", roles: "rpc,jobs" }, LISTENERS],
      between: async (port) => {
        proxy = await MutingProxy.start(port);
        return proxy.port;
      },
    });
    await connected();
  });

  /** Waits until the edge reaches orders. Readiness is not enough, because it says only that the edge reached orders a moment ago. */
  async function connected(): Promise<void> {
    const probe = `probe-${probes++}`;
    await callUntilAnswered(fleet.url("edge"), "orders.move", { key: probe, n: -1, held: false }, probe);
  }

  /** Starts calls, waits until all of them have committed, and withholds their answers. */
  async function loseAnswers<Result>(
    way: "cut" | "killed",
    committed: () => Promise<boolean | number>,
    begin: () => Promise<Result>,
  ): Promise<Result> {
    const orders = fleet.process("orders");
    const deaths = orders.deaths.length;
    await orders.ready();
    proxy.mute();
    const begun = begin();
    await showingOnFailure(fleet, () => waitUntil("all have committed", committed));
    if (way === "killed") orders.kill();
    if (way === "killed") await orders.died(deaths + 1);
    await proxy.cut();
    const result = await begun;
    await connected();
    return result;
  }

  it.each(["cut", "killed"] as const)("has one effect and one answer if it has a key: %s", options, async (way) => {
    const [url, sql] = [fleet.url("edge"), fleet.sql("orders")];
    const [count, batch] = [scaled(500), LOST_BATCH];
    let lost = 0;
    for (let first = 0; first < count; first += batch) {
      const ids = Array.from({ length: Math.min(batch, count - first) }, (_, n) => `${way}-${first + n}`);
      const procedures = ids.map((_, n) => (n % 2 === 0 ? "orders.place" : "orders.placeOutside"));
      const orders = ids.map((id) => createOrder(id, random));
      const call = (n: number) => callOnce(url, procedures[n] as string, orders[n], ids[n]);
      const isCommitted = async () => {
        const [row] = await sql`select count(*)::int as n from orders.orders where id in ${sql(ids)}`;
        return row?.["n"] === ids.length || (row?.["n"] as number);
      };
      const answers = await loseAnswers(way, isCommitted, () => Promise.all(ids.map((_, n) => call(n))));
      lost += answers.filter(({ status }) => status !== 200).length;
      for (const [n, id] of ids.entries()) {
        const [again] = (await callUntilAnswered(url, procedures[n] as string, orders[n], id)).slice(-1);
        const totalCents = orders[n]?.lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
        expect(again).toEqual({ status: 200, data: { id, totalCents } });
      }
    }
    await waitUntil("nothing is unacknowledged, waiting or held", () => isQuiet(fleet));

    placed += count;
    const { deaths } = fleet.process("orders");
    say("answers lost, with a key", { seed: SEED, way, count, lost, deaths: deaths.length });
    if (way === "killed") expect(deaths.filter((how) => how === "SIGKILL")).toHaveLength(Math.ceil(count / batch));
    expect(lost).toBe(count);
    expect(await lonelyRows(fleet)).toEqual([]);
    for (const name of SUBSCRIBERS) expect(await accountOf(fleet, name)).toEqual(balanced(placed));
  });

  it.each(["cut", "killed"] as const)("is never sent twice if it has no key: %s", options, async (way) => {
    const [url, sql] = [fleet.url("edge"), fleet.sql("orders")];
    const [count, batch] = [scaled(500), LOST_BATCH];
    const refusals: (string | undefined)[] = [];
    for (let first = 0; first < count; first += batch) {
      const size = Math.min(batch, count - first);
      const isCommitted = async () => {
        const [row] = await sql`select count(*)::int as n from orders.moves where n >= ${first} and starts_with(key, ${way})`;
        return row?.["n"] === size || (row?.["n"] as number);
      };
      const moves = Array.from({ length: size }, (_, n) => ({ key: `${way}-${n}`, n: first + n, held: false }));
      const answers = await loseAnswers(way, isCommitted, () => Promise.all(moves.map((move) => callOnce(url, "orders.moveByHand", move))));
      refusals.push(...answers.map(({ code }) => code));
    }
    placed++;
    // The connection is restored, and all waiting frames have been sent.
    expect((await callUntilAnswered(url, "orders.place", createOrder(`last-${way}`, random), `last-${way}`)).at(-1)?.status).toBe(200);
    await waitUntil("nothing is unacknowledged, waiting or held", () => isQuiet(fleet));

    say("answers lost, without a key", { seed: SEED, way, count, deaths: fleet.process("orders").deaths.length });
    expect(refusals).toEqual(Array(count).fill("UNAVAILABLE"));
    expect(await sql`select n from orders.moves where starts_with(key, ${way}) group by n having count(*) <> 1`).toHaveLength(0);
    expect(await sql`select 1 from orders.moves where starts_with(key, ${way})`).toHaveLength(count);
  });
});
