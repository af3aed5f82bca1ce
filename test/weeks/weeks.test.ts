import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { checkShop, readStockAndSales } from "../../scripts/replay/check-shop.ts";
import { holds } from "../../scripts/replay/checks.ts";
import { checkMail } from "../../scripts/replay/mail-check.ts";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { newTokenKey } from "../../src/shop/identity/token-keys.ts";
import { createMailSink, type MailSink } from "../../src/shop/mail/mail-sink.ts";
import { readNorthwind } from "../../src/shop/northwind/northwind.ts";
import { type Fleet, type Member, startFleet } from "../faults/harness/fleet.ts";
import type { FaultProgram } from "../faults/harness/program.ts";
import { say } from "../faults/harness/say.ts";
import { showingOnFailure } from "../faults/harness/showing-on-failure.ts";
import { PATIENCE, retrying } from "../old-and-new/harness/shop-load.ts";
import { shopProgram } from "../old-and-new/harness/versions.ts";
import { effectFaults, tickFaults } from "./harness/effects.ts";
import { ordersKnown, rowsKeptTooLong } from "./harness/kept-rows.ts";
import { hasFaketime, MovedClock } from "./harness/moved-clock.ts";
import { startMovedPostgres } from "./harness/moved-postgres.ts";
import { ShopCustomers } from "./harness/shop-customers.ts";
import { SimulatedTime } from "./harness/simulated-time.ts";
import { weeksProgram } from "./harness/weeks-program.ts";

/** Daylight saving time changes in New York on 8 March, in Berlin on 29 March, in Sydney on 5 April. */
const START_MS = Date.parse("2026-03-01T00:00:00Z");
/** Simulated days: three in `.ci/run`, six weeks in `.ci/full`. */
const DAYS_IN_RUN = 3;
const DAYS = Number(process.env["HOLON_WEEKS_DAYS"] ?? DAYS_IN_RUN);
/** Simulated days of the run in many processes. At least two: a subscriber is down for a day, and the customers whose orders it then gets are reminded a day later. */
const DAYS_APART = Math.max(2, DAYS);
/** The run in one process has at most three days, because less can go wrong there. Unused tokens and sessions end in the run with many processes. */
const DAYS_TOGETHER = Math.min(DAYS, DAYS_IN_RUN);
const HOUR_MS = 3_600_000;
/** Hours after the last order, until its customer is reminded of it. */
const LAST_HOURS = 27;
/** An unused refresh token ends after 7 days, and a session after 30. */
const [UNUSED_DAYS, SESSION_DAYS] = [7, 30];

const CONTEXTS = ["users", "catalog", "orders", "payments", "notifications", "almanac"];
const options = { timeout: 600_000 + DAYS * 180_000 };

const TOGETHER: readonly Member[] = [{ name: "edge", contexts: CONTEXTS.join(","), roles: "edge,rpc,jobs" }];
const HOSTS = ["goods", "orders", "money"];
const APART: readonly Member[] = [
  { name: "edge", contexts: "none", roles: "edge", calls: HOSTS },
  { name: "goods", contexts: "users,catalog", roles: "rpc,jobs", calls: HOSTS },
  { name: "orders", contexts: "orders", roles: "rpc,jobs", calls: HOSTS },
  { name: "helper", contexts: "orders", roles: "jobs", calls: HOSTS },
  { name: "money", contexts: "payments,notifications", roles: "rpc,jobs", calls: HOSTS },
  { name: "almanac", contexts: "almanac", roles: "jobs" },
];

/** A span of hours, counted from its beginning. */
type Hours = readonly [from: number, to: number];

/** What happens to the processes is repeated every ten days. */
const AGAIN_HOURS = 240;

/** The hours at which something happens to the processes. */
interface Happenings {
  /** The subscriber has no process in these hours. */
  readonly away: Hours;
  /** In this hour some processes have the old version, and in the next hour others. */
  readonly rollback: number;
  /** A process is frozen in these hours. */
  readonly frozen: Hours;
}

let programs: Readonly<Record<"old" | "new", FaultProgram>>;

describe.skipIf(!hasFaketime)(`the shop over ${DAYS} simulated days`, options, () => {
  beforeAll(async () => {
    const [before, now] = await Promise.all([shopProgram("old"), weeksProgram()]);
    programs = { old: before, new: now };
  }, options.timeout);

  it("keeps each promise in one process", options, () => live("postgres", DAYS_TOGETHER, TOGETHER));

  // This run takes some minutes longer, so it runs only in `.ci/full`, or if HOLON_WEEKS_DAYS is higher.
  if (DAYS > DAYS_IN_RUN)
    it.skipIf(!hasRedis)("keeps each promise in many processes that are away, frozen, and of two versions", options, () =>
      live("redis", DAYS_APART, APART, { away: [10, 34], rollback: 38, frozen: [44, 46] }),
    );
});

async function live(backend: "redis" | "postgres", days: number, members: readonly Member[], happenings?: Happenings): Promise<void> {
  const clock = new MovedClock(START_MS);
  // The clock of the process `ahead`, which runs only in the first seconds.
  const ahead = new MovedClock(START_MS + 2 * HOUR_MS);
  const mail = await createMailSink(Date.now);
  const env = { SMTP_URL: mail.url, SHOP_TOKEN_PRIVATE_KEY: JSON.stringify(await newTokenKey()), ...clock.env };
  const postgres = await startMovedPostgres(clock);
  const all = [...members, { name: "ahead", contexts: "almanac", roles: "jobs", env: ahead.env }];
  const fleet = await startFleet({ app: "shop", backend, contexts: CONTEXTS, members: all, program: programs.new, env, postgres });
  try {
    await showingOnFailure(fleet, () => run({ fleet, clock, mail, happenings, days }));
  } finally {
    await fleet.close();
    await mail.close();
    for (const one of [clock, ahead]) one.close();
  }
}

/** The servers and options of a run of days. */
interface Place {
  readonly fleet: Fleet;
  readonly clock: MovedClock;
  readonly mail: MailSink;
  readonly happenings: Happenings | undefined;
  readonly days: number;
}

async function run({ fleet, clock, mail, happenings, days }: Place): Promise<void> {
  const sql = fleet.sql("orders");
  const time = new SimulatedTime(clock, sql, CONTEXTS);
  const shop = new ShopCustomers(fleet.url("edge"), await readNorthwind());
  const [count, startedMs] = [days * 24, performance.now()];
  await shop.staySignedIn();
  const forgotten = await shop.signInAndForget();
  await shop.restock(count);
  const before = await retrying(() => readStockAndSales(shop.client));
  await sleep(8_000);
  await fleet.process("ahead").leave();

  for (let hour = 0; hour < count + LAST_HOURS; hour++) {
    await time.passTo(START_MS + hour * HOUR_MS);
    if (happenings !== undefined) await happen(fleet, time, happenings, hour % AGAIN_HOURS);
    await shop.staySignedIn();
    if (hour < count) await shop.place(hour);
    // The process is paused in the middle of its work.
    if (hour % AGAIN_HOURS === happenings?.frozen[0]) expect(fleet.process("helper").pause()).toBe(true);
    // Each key is sent again after two hours and after 23 hours, and must give the same order.
    for (const earlier of [2, 23]) if (hour >= earlier && hour - earlier < count) await shop.place(hour - earlier);
    if (hour % 24 === 23) await checkDay(fleet, time.absent, shop, hour);
    if (hour % 24 === 23)
      say("a day is over", { day: (hour + 1) / 24, jumps: time.jumps, realSeconds: Math.round((performance.now() - startedMs) / 1_000) });
  }
  await time.passTo(START_MS + (count + LAST_HOURS) * HOUR_MS);
  await shop.staySignedIn();

  const confirmed = shop.placed.size;
  const checks = [
    ...(await checkShop({ client: shop.client, before, ...PATIENCE })),
    ...(await checkMail({ client: shop.client, mailUrl: "http://127.0.0.1:9/mail", confirmed, ...PATIENCE })),
  ];
  expect(checks.filter((found) => !holds(found))).toEqual([]);
  const sent = mail.mails().map(({ messageId }) => messageId);
  // A mail may be sent twice, with the same id: its job runs again if the clock jumped past the deadline of its transaction.
  expect({ orders: confirmed, mails: new Set(sent).size }).toEqual({ orders: count, mails: count });
  expect(await effectFaults(sql, new Set(shop.placed.values()))).toEqual({ missing: [], doubled: [] });
  const isAway = (hour: number): boolean => {
    const [from, to] = happenings?.away ?? [AGAIN_HOURS, AGAIN_HOURS];
    return hour % AGAIN_HOURS >= from && hour % AGAIN_HOURS <= to;
  };
  expect(await tickFaults(sql, START_MS, isAway)).toEqual({ missing: [], doubled: [] });
  const passedDays = days + LAST_HOURS / 24;
  expect(shop.sessions.signedIn).toBe(1 + Math.floor(passedDays / SESSION_DAYS));
  expect(await shop.isGood(forgotten)).toBe(passedDays < UNUSED_DAYS);
}

/** No row may be kept longer or shorter than its retention. A context without a process removes nothing. */
async function checkDay(fleet: Fleet, absent: string | undefined, shop: ShopCustomers, hour: number): Promise<void> {
  const sql = fleet.sql("orders");
  expect(
    await rowsKeptTooLong(
      sql,
      CONTEXTS.filter((context) => context !== absent),
    ),
  ).toEqual({});
  const known = Object.entries(await ordersKnown(sql));
  const fewer = known.filter(([, { known: found, withinMs }]) => {
    const since = hour - Math.floor(withinMs / HOUR_MS) + 1;
    return found < [...shop.placed.keys()].filter((placed) => placed >= since && placed < hour).length;
  });
  expect(fewer).toEqual([]);
}

async function happen(fleet: Fleet, time: SimulatedTime, { away, rollback, frozen }: Happenings, hour: number): Promise<void> {
  const become = async (version: "old" | "new", ...names: readonly string[]): Promise<void> => {
    const ends = await Promise.all(names.map((name) => fleet.process(name).become(programs[version])));
    expect(ends).toEqual(names.map(() => 0));
    await Promise.all(names.map((name) => fleet.process(name).ready()));
  };
  if (hour === away[0]) {
    expect(await fleet.process("almanac").leave()).toBe(0);
    time.absent = "almanac";
  }
  if (hour === away[1]) {
    fleet.process("almanac").comeBack();
    await fleet.process("almanac").ready();
    time.absent = undefined;
  }
  if (hour === rollback) await become("old", "edge", "orders");
  if (hour === rollback + 1) {
    await become("new", "edge", "orders");
    await become("old", "goods", "money");
  }
  if (hour === rollback + 2) await become("new", "goods", "money");
  if (hour === frozen[1]) fleet.process("helper").resume();
}
