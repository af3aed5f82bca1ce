import { isDeepStrictEqual } from "node:util";
import { type Case, topic } from "../case.ts";
import { collect } from "../collect.ts";
import { edgeFailure, failure, outcomeOf } from "../outcome.ts";
import { until } from "../until.ts";
import type { World } from "../world.ts";

const late = failure("DEADLINE_EXCEEDED", { message: "<any>" });
const cancelled = failure("CANCELLED", { message: "<any>" });
const neverMade = failure("CANCELLED", { message: "<any>", executed: "no" });
const lateAtEdge = (path: string): unknown =>
  edgeFailure("DEADLINE_EXCEEDED", { number: -32603, httpStatus: 504, path, message: "<any>", details: undefined });
const caughtLate = {
  isHolonError: true,
  code: "DEADLINE_EXCEEDED",
  message: "<any>",
  executed: "maybe",
  status: 504,
  hasCause: false,
  stackOfCallee: false,
};
const caughtCancelled = { ...caughtLate, code: "CANCELLED", status: 499 };

/** Waits until the callee's signal is aborted, and returns the reason. */
const reasonAt = ({ probe }: World, tag: string): Promise<readonly unknown[]> =>
  until(`the signal of ${tag}`, () => probe.notes(tag).length > 0 && probe.notes(tag));

/** Waits until `expected` statements sleep in the database, and returns how many do. */
function sleeping({ sql }: World, expected: number): Promise<number> {
  return until(`${expected} sleeping statements`, async () => {
    const rows =
      await sql`select 1 from pg_stat_activity where datname = current_database() and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
    return rows.length === expected && rows.length;
  });
}

const time: readonly Case[] = [
  {
    name: "a handler that never returns is DEADLINE_EXCEEDED, and told so",
    run: async (world) => {
      const tag = world.tag();
      const outcome = await outcomeOf(world.app.asAnonymous().call.beta.time.hang({ tag }, { deadlineMs: 40 }));
      return { outcome, reason: await reasonAt(world, tag) };
    },
    expected: { outcome: late, reason: ["DEADLINE_EXCEEDED"] },
  },
  {
    name: "a chain of four ends at the deadline of its first call, the last one is told",
    run: async (world) => {
      const tag = world.tag();
      const outcome = await outcomeOf(world.app.asAnonymous().call.alpha.chain.hang({ tag }, { deadlineMs: 60 }));
      return { outcome, reason: await reasonAt(world, tag) };
    },
    expected: { outcome: late, reason: ["DEADLINE_EXCEEDED"] },
  },
  {
    name: "a shorter deadline of one call ends that call alone",
    run: async (world) => {
      const tag = world.tag();
      const caught = await world.app.asAnonymous().call.alpha.chain.shortHang({ tag });
      await until("the signal at beta", () => world.probe.notes(tag).length > 1);
      return { caught, notes: [...world.probe.notes(tag)].sort() };
    },
    expected: { caught: caughtLate, notes: ["DEADLINE_EXCEEDED", "alpha goes on: true"] },
  },
  {
    name: "a longer deadline than the caller's own is the caller's own",
    run: ({ app }) => app.asAnonymous().call.alpha.chain.generous(),
    expected: true,
  },
  {
    name: "a call without time left is not made",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const outcome = await outcomeOf(app.asAnonymous().call.beta.access.public.ask({ tag: name }, { deadlineMs: 0 }));
      return { outcome, times: probe.notes(name).length };
    },
    expected: { outcome: failure("DEADLINE_EXCEEDED", { message: "<any>", executed: "no" }), times: 0 },
  },
  {
    name: "a stream without time left is not opened",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const outcome = await outcomeOf(collect(app.asAnonymous().call.beta.access.public.follow({ tag: name }, { deadlineMs: 0 })));
      return { outcome, times: probe.notes(name).length };
    },
    expected: { outcome: failure("DEADLINE_EXCEEDED", { message: "<any>", executed: "no" }), times: 0 },
  },
  {
    name: "a handler that answers too late is not heard",
    run: async (world) => {
      const { app, probe } = world;
      const tag = world.tag();
      const outcome = await outcomeOf(app.asAnonymous().call.beta.time.spin({ tag, deadlineMs: 0 }, { deadlineMs: 30 }));
      const [reason] = await reasonAt(world, tag);
      probe.open(`${tag} go on`);
      await until("the late answer", () => probe.notes(tag).length === 2);
      return { outcome, notes: [reason, probe.notes(tag)[1]], next: await app.asAnonymous().call.beta.load.double({ n: 1 }) };
    },
    expected: { outcome: late, notes: ["DEADLINE_EXCEEDED", "late, no time left"], next: { n: 2 } },
  },
  {
    name: "a handler whose time is up can neither call, nor write, nor read",
    run: async (world) => {
      const tag = world.tag();
      const outcome = await outcomeOf(world.app.asAnonymous().call.beta.time.lateWork({ tag }, { deadlineMs: 30 }));
      const notes = await until("the late work", () => world.probe.notes(tag).length === 3 && world.probe.notes(tag));
      return { outcome, notes, rows: await world.app.asAnonymous().call.beta.tx.rows({ tag }) };
    },
    expected: { outcome: late, notes: ["DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"], rows: [] },
  },
  {
    name: "a deadline asked for at the edge ends the call at the callee",
    run: async (world) => {
      const tag = world.tag();
      const outcome = await outcomeOf(world.edge({ headers: { "holon-deadline-ms": "60" } }).query("alpha.chain.hang", { tag }));
      return { outcome, reason: await reasonAt(world, tag) };
    },
    expected: { outcome: lateAtEdge("alpha.chain.hang"), reason: ["DEADLINE_EXCEEDED"] },
  },
  {
    name: "deadlines of a batch are one a call",
    trpcOnly: "REST has no batches",
    run: async (world) => {
      const client = world.edge({ link: "httpBatchLink", headers: { "holon-deadline-ms": "40,5000" } });
      return Promise.all([outcomeOf(client.query("beta.time.hang", { tag: world.tag() })), outcomeOf(client.query("beta.load.double", { n: 2 }))]);
    },
    expected: [lateAtEdge("beta.time.hang"), { n: 4 }],
  },
];

const abort: readonly Case[] = [
  {
    name: "a caller that aborts gets CANCELLED, and the callee is told",
    run: async (world) => {
      const { app, probe } = world;
      const tag = world.tag();
      const controller = new AbortController();
      const outcome = outcomeOf(app.asAnonymous().call.beta.time.hang({ tag }, { signal: controller.signal }));
      await probe.pass(`${tag} entered`);
      controller.abort();
      return { outcome: await outcome, reason: await reasonAt(world, tag) };
    },
    expected: { outcome: cancelled, reason: ["CANCELLED"] },
  },
  {
    name: "aborting the first call of a chain of four reaches the last",
    run: async (world) => {
      const { app, probe } = world;
      const tag = world.tag();
      const controller = new AbortController();
      const outcome = outcomeOf(app.asAnonymous().call.alpha.chain.hang({ tag }, { signal: controller.signal }));
      await probe.pass(`${tag} entered`);
      controller.abort();
      return { outcome: await outcome, reason: await reasonAt(world, tag) };
    },
    expected: { outcome: cancelled, reason: ["CANCELLED"] },
  },
  {
    name: "a signal that was aborted before calls nobody",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const outcome = await outcomeOf(app.asAnonymous().call.beta.access.public.ask({ tag: name }, { signal: AbortSignal.abort() }));
      return { outcome, times: probe.notes(name).length };
    },
    expected: { outcome: neverMade, times: 0 },
  },
  {
    name: "a stream whose signal was aborted before is not opened",
    run: async ({ app, probe, tag }) => {
      const name = tag();
      const outcome = await outcomeOf(collect(app.asAnonymous().call.beta.access.public.follow({ tag: name }, { signal: AbortSignal.abort() })));
      return { outcome, times: probe.notes(name).length };
    },
    expected: { outcome: neverMade, times: 0 },
  },
  {
    name: "a call that was cancelled counts no longer as running",
    run: async (world) => {
      const { app, probe } = world;
      const tag = world.tag();
      const controller = new AbortController();
      const outcome = outcomeOf(app.asAnonymous().call.beta.time.hang({ tag }, { signal: controller.signal }));
      await probe.pass(`${tag} entered`);
      const beta = app.host("beta").contexts.find(({ name }) => name === "beta");
      const during = beta?.running();
      controller.abort();
      await outcome;
      return { during, after: await until("nothing to run", () => beta?.running() === 0 && 0) };
    },
    expected: { during: 1, after: 0 },
  },
  {
    name: "a handler aborts its own call and goes on",
    run: async (world) => {
      const tag = world.tag();
      return { caught: await world.app.asAnonymous().call.alpha.chain.abort({ tag }), reason: await reasonAt(world, tag) };
    },
    expected: { caught: caughtCancelled, reason: ["CANCELLED"] },
  },
  {
    name: "a handler whose signal was aborted before gets CANCELLED",
    run: ({ app, tag }) => app.asAnonymous().call.alpha.chain.abortedBefore({ tag: tag() }),
    expected: { ...caughtCancelled, executed: "no" },
  },
  {
    name: "aborting after the answer changes nothing",
    run: async ({ app }) => {
      const controller = new AbortController();
      const answer = await app.asAnonymous().call.beta.load.double({ n: 1 }, { signal: controller.signal });
      controller.abort();
      return answer;
    },
    expected: { n: 2 },
  },
  {
    name: "a client that leaves the edge cancels the chain behind it",
    trpcOnly: "it names the class of tRPC's client; the statement below is cancelled by REST too",
    run: async (world) => {
      const { edge, probe } = world;
      const tag = world.tag();
      const controller = new AbortController();
      const call = edge()
        .query("alpha.chain.hang", { tag }, { signal: controller.signal })
        .catch((error: Error) => error.constructor.name);
      await probe.pass(`${tag} entered`);
      controller.abort();
      return { client: await call, reason: await reasonAt(world, tag) };
    },
    expected: { client: "TRPCClientError", reason: ["CANCELLED"] },
  },
];

const statements: readonly Case[] = [
  {
    name: "a statement at the end of a chain of four is cancelled at the deadline",
    run: async (world) => {
      const tag = world.tag();
      const outcome = await outcomeOf(world.app.asAnonymous().call.alpha.chain.sleep({ tag }, { deadlineMs: 300 }));
      return { outcome, entered: world.probe.notes(tag).length, left: await sleeping(world, 0) };
    },
    expected: { outcome: late, entered: 1, left: 0 },
  },
  {
    name: "a statement of a transaction is cancelled at the deadline",
    run: async (world) => {
      const tag = world.tag();
      const outcome = await outcomeOf(world.app.asAnonymous().call.delta.chain.sleepInTransaction({ tag }, { deadlineMs: 200 }));
      return { outcome, entered: world.probe.notes(tag).length, left: await sleeping(world, 0) };
    },
    expected: { outcome: late, entered: 1, left: 0 },
  },
  {
    name: "a statement is cancelled when the caller aborts",
    run: async (world) => {
      const controller = new AbortController();
      const outcome = outcomeOf(world.app.asAnonymous().call.alpha.chain.sleep({ tag: world.tag() }, { signal: controller.signal }));
      const during = await sleeping(world, 1);
      controller.abort();
      return { outcome: await outcome, during, left: await sleeping(world, 0) };
    },
    expected: { outcome: cancelled, during: 1, left: 0 },
  },
  {
    name: "a statement of a transaction is cancelled when the caller aborts",
    run: async (world) => {
      const controller = new AbortController();
      const outcome = outcomeOf(world.app.asAnonymous().call.delta.chain.sleepInTransaction({ tag: world.tag() }, { signal: controller.signal }));
      const during = await sleeping(world, 1);
      controller.abort();
      return { outcome: await outcome, during, left: await sleeping(world, 0) };
    },
    expected: { outcome: cancelled, during: 1, left: 0 },
  },
  {
    name: "a statement is cancelled when the client of the edge leaves",
    run: async (world) => {
      const controller = new AbortController();
      const call = world
        .edge()
        .query("alpha.chain.sleep", { tag: world.tag() }, { signal: controller.signal })
        .catch(() => "left");
      const during = await sleeping(world, 1);
      controller.abort();
      return { call: await call, during, left: await sleeping(world, 0) };
    },
    expected: { call: "left", during: 1, left: 0 },
  },
  {
    name: "connections are good after their statements were cancelled",
    run: async (world) => {
      const calls = await Promise.all(
        Array.from({ length: 8 }, () => outcomeOf(world.app.asAnonymous().call.delta.chain.sleep({ tag: world.tag() }, { deadlineMs: 100 }))),
      );
      const left = await sleeping(world, 0);
      const after = await outcomeOf(world.app.asAnonymous().call.alpha.walls.readOthersCaught());
      return { late: calls.filter((call) => isDeepStrictEqual(call, late)).length, left, after };
    },
    expected: { late: 8, left: 0, after: { code: "INTERNAL", sqlState: "42501" } },
  },
];

/** Cases about calls that end before their handlers do. */
export const DEADLINES = [topic("deadlines", time), topic("cancelling", abort), topic("statements", statements)];
