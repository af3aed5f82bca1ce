import { type Case, topic } from "../case.ts";
import { edgeFailure, failure, INTERNAL, outcomeOf } from "../outcome.ts";
import type { World } from "../world.ts";

const tx = ({ app }: World) => app.asAnonymous().call.beta.tx;

/** The outbox rows of a tag, in order. */
async function outbox({ sql }: World, tag: string): Promise<unknown[]> {
  const rows =
    await sql`select kind, name, ordered_key = ${tag} as by_tag, key_number::int as number, payload::text, options::text from beta.holon_outbox where payload->>'tag' = ${tag} order by position`;
  return rows.map(({ kind, name, by_tag: byTag, number, payload, options }) => ({
    kind,
    name,
    byTag,
    number,
    payload: withoutTag(payload as string),
    options: options === null ? null : (JSON.parse(options as string) as unknown),
  }));
}

function withoutTag(payload: string): unknown {
  const { tag: _tag, ...rest } = JSON.parse(payload) as Record<string, unknown>;
  return rest;
}

/** The result of a call of a tag, and the rows that it left. */
async function trace(world: World, call: (input: { readonly tag: string }) => Promise<unknown>): Promise<unknown> {
  const tag = world.tag();
  const outcome = await outcomeOf(call({ tag }));
  return { outcome, rows: await tx(world).rows({ tag }), outbox: (await outbox(world, tag)).length };
}

const nothing = (outcome: unknown): unknown => ({ outcome, rows: [], outbox: 0 });
const callInTransaction = failure("CALL_IN_TRANSACTION");

const cases: readonly Case[] = [
  {
    name: "that commits has written its rows, events in order of their key, and jobs",
    run: async (world) => {
      const tag = world.tag();
      const { name, amount } = await tx(world).commit({ tag });
      return { answer: { name, amount }, rows: await tx(world).rows({ tag }), outbox: await outbox(world, tag) };
    },
    expected: {
      answer: { name: "item", amount: 1 },
      rows: ["item 1"],
      outbox: [
        { kind: "event", name: "itemAdded", byTag: true, number: 1, payload: { amount: 1, note: "none" }, options: null },
        { kind: "event", name: "itemAdded", byTag: true, number: 2, payload: { amount: 2, note: "second" }, options: null },
        { kind: "event", name: "itemSeen", byTag: null, number: null, payload: {}, options: null },
        { kind: "job", name: "tell", byTag: null, number: null, payload: {}, options: { delayMs: 5, priority: 2 } },
      ],
    },
  },
  {
    name: "records for whom it was made, and in which trace",
    run: async (world) => {
      const tag = world.tag();
      await world
        .edge({ as: "user ada member", headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } })
        .mutation("beta.tx.commit", { tag });
      const rows = await world.sql`select initiator::text, traceparent from beta.holon_outbox where payload->>'tag' = ${tag} limit 1`;
      const [row] = rows as unknown as readonly [{ readonly initiator: string; readonly traceparent: string }];
      return { initiator: JSON.parse(row.initiator) as unknown, trace: row.traceparent.slice(0, 35) };
    },
    expected: { initiator: { kind: "user", id: "ada", roles: ["member"] }, trace: "00-0af7651916cd43dd8448eb211c80319c" },
  },
  {
    name: "that throws leaves nothing",
    run: (world) => trace(world, (input) => tx(world).refuse(input)),
    expected: nothing(failure("REFUSED", { details: null })),
  },
  {
    name: "that throws leaves nothing, from the edge",
    run: (world) => trace(world, (input) => world.edge().mutation("beta.tx.refuse", input)),
    expected: nothing(edgeFailure("REFUSED", { number: -32022, httpStatus: 422, path: "beta.tx.refuse", details: null })),
  },
  {
    name: "that committed stays, whatever the handler does after it",
    run: (world) => trace(world, (input) => tx(world).breakAfter(input)),
    expected: { outcome: INTERNAL, rows: ["item 1"], outbox: 0 },
  },
  {
    name: "with an event that does not fit its contract leaves nothing",
    run: (world) => trace(world, (input) => tx(world).badEvent(input)),
    expected: nothing(INTERNAL),
  },
  {
    name: "with a job that does not fit leaves nothing",
    run: (world) => trace(world, (input) => tx(world).badJob(input)),
    expected: nothing(INTERNAL),
  },
  {
    name: "with an event that is too large leaves nothing",
    run: (world) => trace(world, (input) => tx(world).hugeEvent(input)),
    expected: nothing(INTERNAL),
  },
  {
    name: "that calls another context is refused and leaves nothing",
    run: (world) => trace(world, (input) => tx(world).callInside(input)),
    expected: nothing(callInTransaction),
  },
  {
    name: "that calls another context is INTERNAL at the edge",
    run: (world) => trace(world, (input) => world.edge().mutation("beta.tx.callInside", input)),
    expected: nothing(edgeFailure("INTERNAL", { number: -32603, httpStatus: 500, path: "beta.tx.callInside", details: { errorId: "<id>" } })),
  },
  {
    name: "that calls another context as its system is refused too",
    run: (world) => trace(world, (input) => tx(world).callInsideAsSystem(input)),
    expected: nothing(callInTransaction),
  },
  {
    name: "that catches the refusal of its call may commit",
    run: (world) => trace(world, (input) => tx(world).callInsideCaught(input)),
    expected: { outcome: "CALL_IN_TRANSACTION", rows: ["item 1"], outbox: 0 },
  },
  {
    name: "is over when it has returned: the handler may call after it",
    run: (world) => trace(world, (input) => tx(world).callAfter(input)),
    expected: { outcome: "called", rows: ["item 1"], outbox: 0 },
  },
  {
    name: "inside another is refused and leaves nothing",
    run: (world) => trace(world, (input) => tx(world).nested(input)),
    expected: nothing(INTERNAL),
  },
  {
    name: "after another is fine",
    run: (world) => trace(world, (input) => tx(world).twoInTurn(input)),
    expected: { outcome: 2, rows: ["first 1", "second 1"], outbox: 0 },
  },
  {
    name: "that takes a name twice is CONFLICT with the fields",
    run: async (world) => {
      const tag = world.tag();
      await tx(world).unique({ tag, name: "s3cret" });
      return { outcome: await outcomeOf(tx(world).unique({ tag, name: "s3cret" })), rows: await tx(world).rows({ tag }) };
    },
    expected: {
      outcome: failure("CONFLICT", { message: "tag, name must be unique and is taken.", details: { fields: ["tag", "name"] } }),
      rows: ["s3cret 1"],
    },
  },
  {
    name: "that takes a name twice is 409 at the edge, naming the fields",
    run: async (world) => {
      const tag = world.tag();
      await tx(world).unique({ tag, name: "x" });
      return world.edge().mutation("beta.tx.unique", { tag, name: "x" });
    },
    expected: edgeFailure("CONFLICT", {
      number: -32009,
      httpStatus: 409,
      path: "beta.tx.unique",
      message: "tag, name must be unique and is taken.",
      details: { fields: ["tag", "name"] },
    }),
  },
  {
    name: "races for a name: one has it",
    run: async (world) => {
      const tag = world.tag();
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcomeOf(tx(world).unique({ tag, name: "x" }))));
      return {
        winners: outcomes.filter((outcome) => outcome === "x").length,
        losers: outcomes.filter((outcome) => outcome !== "x").length,
        rows: await tx(world).rows({ tag }),
      };
    },
    expected: { winners: 1, losers: 9, rows: ["x 1"] },
  },
  { name: "that violates a check is INTERNAL", run: (world) => trace(world, (input) => tx(world).check(input)), expected: nothing(INTERNAL) },
  { name: "with bad SQL is INTERNAL", run: (world) => trace(world, (input) => tx(world).badSql(input)), expected: nothing(INTERNAL) },
  {
    name: "whose failed statement the handler swallows does not pretend to have committed",
    run: (world) => trace(world, (input) => tx(world).swallow(input)),
    expected: nothing(failure("CONFLICT", { details: { fields: ["tag", "name"] } })),
  },
  {
    name: "is read by a prepared query, with other values each time",
    run: async (world) => {
      const tag = world.tag();
      await tx(world).unique({ tag, name: "x" });
      const ask = (name: string): Promise<number[]> => tx(world).prepared({ tag, name });
      return [await ask("x"), await ask("y"), await ask("' or 1=1 --"), ...(await Promise.all(Array.from({ length: 12 }, () => ask("x"))))].map(
        ({ length }) => length,
      );
    },
    expected: [1, 0, 0, ...Array.from({ length: 12 }, () => 1)],
  },
  { name: "is the only place to write", run: (world) => tx(world).writeOutside(), expected: [] },
];

const denied = { code: "INTERNAL", sqlState: "42501" };
const walls = ({ app }: World) => app.asAnonymous().call.alpha.walls;

const isolation: readonly Case[] = [
  { name: "reading another context's table is refused by Postgres", run: (world) => walls(world).readOthersCaught(), expected: denied },
  { name: "reading another context's table is INTERNAL to callers", run: (world) => walls(world).readOthers(), expected: INTERNAL },
  {
    name: "reading another context's table is INTERNAL at the edge, without a word of SQL",
    run: ({ edge }) => edge().query("alpha.walls.readOthers"),
    expected: edgeFailure("INTERNAL", { number: -32603, httpStatus: 500, path: "alpha.walls.readOthers", details: { errorId: "<id>" } }),
  },
  { name: "writing another context's table is refused by Postgres", run: (world) => walls(world).writeOthers(), expected: denied },
  { name: "reading another context's outbox is refused by Postgres", run: (world) => walls(world).readOutbox(), expected: denied },
];

/** Cases about transactions, and about the isolation of contexts. */
export const TRANSACTIONS = [topic("a transaction", cases), topic("the wall between contexts", isolation)];
