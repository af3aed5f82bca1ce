import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/holon/kernel/clock.ts";
import { silentLogger } from "../../src/holon/kernel/log.ts";
import { createQueueBackend, type QueuePlace } from "../../src/holon/work/queue/bull-backend.ts";
import type { QueueBackend } from "../../src/holon/work/queue/queue-backend.ts";
import { hasRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { callUntilAnswered } from "../faults/harness/calls.ts";
import { type Fleet, type Member, startFleet } from "../faults/harness/fleet.ts";
import type { FaultProgram } from "../faults/harness/program.ts";
import { SCALE } from "../faults/harness/scale.ts";
import { showingOnFailure } from "../faults/harness/showing-on-failure.ts";
import { waitUntil } from "../faults/harness/wait.ts";
import { accountOf, firedOf } from "./harness/account.ts";
import { LATER_KIND, laterPeerBefore } from "./harness/later-peer.ts";
import { LATER_JOB, laterRows, OWN_EVENT, SENT_EVENT, stateOfEvent, writeLaterRows } from "./harness/later-rows.ts";
import { appProgram, type Version } from "./harness/versions.ts";

/**
 * The old and the new version run beside one that is later than both. The test plays the later version: it writes rows, adds messages to queues and sends
 * frames that only that version understands. Both versions must leave them unchanged, count them, and continue with their own work.
 */
const options = { timeout: 600_000, concurrent: SCALE < 0.5 };

const MEMBERS: readonly Member[] = [
  { name: "orders", contexts: "orders", roles: "edge,rpc,jobs", calls: ["stock"] },
  { name: "stock", contexts: "stock", roles: "rpc,jobs", calls: ["orders"] },
];

/** Messages by queue: one that is not understood at all, and one of a known kind with an entry that is not understood. */
const MESSAGES = {
  "ack.orders": [{ later: 1 }, { kind: "taken", subscriber: "stock", events: ["later"] }],
  "events.stock": [{ later: 1 }, { producer: "orders", events: ["later"] }],
  "jobs.orders": [{ later: 1 }, { ids: ["later"] }],
} as const;

const QUEUES = Object.keys(MESSAGES) as readonly (keyof typeof MESSAGES)[];

let programs: Readonly<Record<Version, FaultProgram>>;

beforeAll(async () => {
  const [before, after] = await Promise.all([appProgram("old"), appProgram("new")]);
  programs = { old: before, new: after };
}, options.timeout);

describe.each(["old", "new"] as const)("the %s version beside a later one", options, (version) => {
  it.skipIf(!hasRedis).each(SCALE < 0.5 ? (["redis"] as const) : (["redis", "postgres"] as const))(
    "counts what it does not know without changing it, and goes on, queues on %s",
    options,
    async (backend) => {
      const own = { program: programs[version], env: { LOG_LEVEL: "warn" }, between: laterPeerBefore };
      const fleet = await startFleet({ app: "rolling", backend, contexts: ["orders", "stock"], members: MEMBERS, ...own });
      try {
        await showingOnFailure(fleet, () => check(fleet, programs[version], version === "old" ? 1 : 2));
      } finally {
        await fleet.close();
      }
    },
  );
});

async function check(fleet: Fleet, program: FaultProgram, version: 1 | 2): Promise<void> {
  const placed = new Map<string, 1 | 2>();
  const place = async (id: string): Promise<void> => {
    await callUntilAnswered(fleet.url("orders"), "orders.place", { id }, id);
    placed.set(id, version);
    await waitUntil(`${id} has its effects`, async () => {
      const { wrong } = await accountOf(fleet, { placed });
      return wrong.length === 0 || wrong;
    });
  };
  await place("before");
  await writeLaterRows(fleet, version);
  const written = await laterRows(fleet);
  // Some work of the later version is there when the process starts, and some comes later.
  await fleet.process("orders").become(program);
  await fleet.process("orders").ready();
  const { tick } = await firedOf(fleet);
  await place("after");
  await waitUntil("its own schedule fires", async () => (await firedOf(fleet)).tick > tick);
  const runs = ["fulfil@9", "later@1", `fulfil@${version} in the state resting`];
  const steps = ["signal reserve, started", "call reserve, resting"].map((step) => `fulfil@${version} with a step ${step}`);
  await untilLeft(fleet, "orders", "run", [...runs, ...steps]);
  await untilLeft(fleet, "orders", "outbox", ["promise"]);
  await withQueues(fleet, async (queues) => {
    // The later version has added its event and its job to the queues that all versions share.
    await queues.add("events.stock", [{ id: "later", name: "later", data: { producer: "orders", events: [SENT_EVENT] } }]);
    await untilLeft(fleet, "stock", "event", ["orders.later"]);
    expect(await stateOfEvent(fleet, SENT_EVENT.id)).toBe("held");
    await queues.add("jobs.orders", [{ id: "later", name: "later", data: { ids: [LATER_JOB] } }]);
    await untilLeft(fleet, "orders", "job", ["later"]);
    await place("last");
    await waitUntil(
      "an event is worked off that is due after those of the later version",
      async () => (await stateOfEvent(fleet, OWN_EVENT)) === "parked",
    );
    expect(await laterRows(fleet)).toEqual(written);
    await checkMessages(fleet, queues);
  });
  for (const { name } of MEMBERS) {
    const told = fleet.process(name).logged.filter(({ kind }) => kind === LATER_KIND);
    expect(told.length, `${name} says that it was sent frames of a later version`).toBeGreaterThan(0);
    expect(fleet.process(name).deaths).toEqual(name === "orders" ? [0] : []);
  }
}

async function withQueues(fleet: Fleet, work: (queues: QueueBackend) => Promise<void>): Promise<void> {
  const { kind, env } = fleet.queues;
  const url = (env["REDIS_URL"] ?? env["HOLON_QUEUE_DATABASE_URL"]) as string;
  const place: QueuePlace = kind === "redis" ? { kind, url } : { kind, url, schema: `${fleet.app}_queue` };
  const queues = await createQueueBackend(place, { log: silentLogger, clock: systemClock, prefix: fleet.app });
  try {
    await waitUntil("the queues are reached", () => queues.reachable);
    await work(queues);
  } finally {
    await queues.close();
  }
}

/** Checks that messages which other versions leave reach a process that understands them. */
async function checkMessages(fleet: Fleet, queues: QueueBackend): Promise<void> {
  for (const queue of QUEUES)
    await queues.add(
      queue,
      MESSAGES[queue].map((data, n) => ({ id: `later-${n}`, name: "later", data })),
    );
  await untilLeft(fleet, "orders", "message", ["ack.orders later", "jobs.orders later"]);
  await untilLeft(fleet, "stock", "message", ["events.stock later"]);
  const taken: unknown[] = [];
  const workers = QUEUES.map((queue) =>
    queues.work(queue, { concurrency: 1 }, async ({ name, data }) => void (name === "later" && taken.push({ queue, data }))),
  );
  const all = QUEUES.flatMap((queue) => MESSAGES[queue].map((data) => ({ queue, data })));
  await waitUntil(
    "the later version has all its messages",
    () => all.every((message) => taken.some((found) => isDeepStrictEqual(found, message))) || taken,
  );
  await Promise.all(workers.map((worker) => worker.close()));
}

/** Waits until a process counts exactly these names as the work of one kind that it has left to other processes. */
async function untilLeft(fleet: Fleet, name: string, kind: string, names: readonly string[]): Promise<void> {
  await waitUntil(`${name} counts what it leaves of the kind ${kind}`, async () => {
    const metrics = await (await fetch(`${fleet.opsUrl(name)}/metrics`)).text();
    const left = [...metrics.matchAll(/^holon_work_left_total\{kind="(.*?)",context=".*?",name="(.*?)"\}/gm)].filter((found) => found[1] === kind);
    const found = left.map(([, , leftName]) => leftName).sort();
    return JSON.stringify(found) === JSON.stringify([...names].sort()) || found;
  });
}
