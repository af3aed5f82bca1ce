import { beforeAll, describe, expect, it } from "vitest";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { type Fleet, type Member, startFleet } from "../faults/harness/fleet.ts";
import type { FaultProgram } from "../faults/harness/program.ts";
import type { BackendKind } from "../faults/harness/queues.ts";
import { say } from "../faults/harness/say.ts";
import { SCALE } from "../faults/harness/scale.ts";
import { showingOnFailure } from "../faults/harness/showing-on-failure.ts";
import { waitUntil } from "../faults/harness/wait.ts";
import { accountOf, balanced, firedOf } from "./harness/account.ts";
import { OrderLoad } from "./harness/order-load.ts";
import { appProgram } from "./harness/versions.ts";

/**
 * The suite's own app (`app`), whose second version adds what a version may add. It is updated, rolled back and updated again under load, with two
 * processes for each context. The first version uses the old toolkit, the second one this toolkit.
 *
 * docs/promises.md says with which changes this test was seen to fail.
 */
const options = { timeout: 600_000, concurrent: SCALE < 0.5 };

/** Both versions call each other during an update. While a is new and b is old, a new process calls an old one, and an old process calls a new one. */
const MEMBERS: readonly Member[] = [
  { name: "orders-a", contexts: "orders", roles: "edge,rpc,jobs", calls: ["stock-b"] },
  { name: "orders-b", contexts: "orders", roles: "edge,rpc,jobs", calls: ["stock-a"] },
  { name: "stock-a", contexts: "stock", roles: "rpc,jobs", calls: ["orders-b"] },
  { name: "stock-b", contexts: "stock", roles: "rpc,jobs", calls: ["orders-a"] },
];

type Programs = Readonly<Record<"before" | "after" | "breaking", FaultProgram>>;

let programs: Programs;

beforeAll(async () => {
  const [before, after, breaking] = await Promise.all([appProgram("old"), appProgram("new"), appProgram("new", "breaking")]);
  programs = { before, after, breaking };
}, options.timeout);

describe.each(["redis", "postgres"] as const)("an app that is updated, queues on %s", options, (backend) => {
  it.skipIf(!hasRedis && backend === "redis")("loses and doubles nothing, forward, back and forward again", options, async () => {
    const env = { LOG_LEVEL: "warn" };
    const fleet = await startFleet({ app: "rolling", backend, contexts: ["orders", "stock"], members: MEMBERS, program: programs.before, env });
    try {
      await showingOnFailure(fleet, () => check(fleet, backend, programs));
    } finally {
      await fleet.close();
    }
  });
});

async function check(fleet: Fleet, backend: BackendKind, { before, after, breaking }: Programs): Promise<void> {
  const ends: unknown[] = [];
  const roll = async (program: FaultProgram, ...names: readonly string[]): Promise<void> => {
    ends.push(...(await Promise.all(names.map((name) => fleet.process(name).become(program)))));
    await Promise.all(names.map((name) => fleet.process(name).ready()));
  };
  const load = OrderLoad.start([fleet.url("orders-a"), fleet.url("orders-b")]);
  await load.more({ 1: 3 });

  // Now old and new processes run side by side.
  await roll(after, "orders-a", "stock-a");
  // If only one of the two processes knows a member of an answer, the answer arrives without this member.
  expect(await routesOf(fleet)).toEqual({ "orders-a": { orders: 2, stock: 1 }, "orders-b": { orders: 1, stock: 2 } });
  expect(await recount(fleet, "orders-a")).toEqual({ status: 502, code: "CONTRACT_MISMATCH" });
  await load.more({ 1: 3, 2: 3 });
  // One process of each version is killed at once.
  for (const pair of [
    ["orders-a", "stock-a"],
    ["orders-b", "stock-b"],
  ]) {
    for (const name of pair) expect(fleet.process(name).kill()).toBe(true);
    await Promise.all(pair.map((name) => fleet.process(name).ready()));
    await load.more({ 1: 3, 2: 3 });
  }

  // First all processes are new; then they are rolled back one after the other, until all are old.
  await roll(after, "orders-b", "stock-b");
  const whole = { orders: 2, stock: 2, note: "of version 2" };
  expect(await routesOf(fleet)).toEqual({ "orders-a": whole, "orders-b": whole });
  expect(await recount(fleet, "orders-a")).toEqual({ status: 200 });
  await load.more({ 2: 3 });
  await roll(before, "orders-b", "stock-b");
  await load.more({ 1: 3, 2: 3 });
  await roll(before, "orders-a", "stock-a");
  await load.more({ 1: 3 });
  // The schedules of the newer version are always due, but must not keep the old version from its own.
  const { tick } = await firedOf(fleet);
  await waitUntil("the old version fires its schedule", async () => (await firedOf(fleet)).tick > tick);
  const meanwhile = await accountOf(fleet, load);

  await roll(after, "orders-a", "stock-a");
  await load.more({ 1: 3, 2: 3 });
  await roll(after, "orders-b", "stock-b");
  await load.more({ 2: 3 });
  await load.stop();
  await fleet.sql("orders")`update orders.holon_schedules set next_at = 'infinity'`;
  await waitUntil("all work is done", async () => {
    const account = await accountOf(fleet, load);
    return account.open.length === 0 || account;
  });
  const account = await accountOf(fleet, load);
  say("updated", { backend, orders: load.counts, heldWhileOld: meanwhile.open, ends });
  expect(account).toEqual(balanced());
  expect(messagesLeft(fleet)).toEqual([]);

  // An incompatible migration keeps the old version from starting, and the error says why.
  await roll(breaking, "orders-a");
  const refused = fleet.process("orders-b");
  ends.push(await refused.become(before));
  const deaths = refused.deaths.length;
  await waitUntil("the old version is refused or ready", () => refused.deaths.length > deaths || refused.isReady);
  expect(refused.output).toMatch(/this version is not compatible with: 0002_notes_needed/);
  expect(refused.deaths.slice(deaths)).toEqual([1]);
  expect(ends.filter((end) => end !== 0)).toEqual([]);
}

/**
 * The messages that a process did not understand. In general such a message is only delayed. But these two versions send the same messages, so there must
 * be none.
 */
function messagesLeft(fleet: Fleet): readonly unknown[] {
  const lines = fleet.processes
    .flatMap(({ logged }) => logged)
    .filter(({ msg }) => String(msg).startsWith("this process does not understand a message"));
  return [...new Set(lines.map(({ message }) => message))];
}

/** The versions that answer a call, for each process of orders. */
async function routesOf(fleet: Fleet): Promise<Record<string, unknown>> {
  const routes: Record<string, unknown> = {};
  for (const name of ["orders-a", "orders-b"]) {
    await waitUntil(`${name} reaches the other context`, async () => {
      const { status, body } = await query(fleet, name, "orders.route");
      routes[name] = body.result?.data;
      return status === 200 || body;
    });
  }
  return routes;
}

/** Calls a procedure that the first version does not have; it calls another such procedure. */
async function recount(fleet: Fleet, name: string): Promise<unknown> {
  const { status, body } = await query(fleet, name, "orders.recount");
  return { status, code: body.error?.data.code };
}

interface Answer {
  readonly result?: { readonly data: unknown };
  readonly error?: { readonly data: { readonly code: string } };
}

async function query(fleet: Fleet, name: string, procedure: string): Promise<{ readonly status: number; readonly body: Answer }> {
  const answer = await fetch(`${fleet.url(name)}/trpc/${procedure}`);
  return { status: answer.status, body: (await answer.json()) as Answer };
}
