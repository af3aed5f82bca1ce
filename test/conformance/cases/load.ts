import { type Case, topic } from "../case.ts";
import { edgeFailure, failure, outcomeOf, outcomesOf } from "../outcome.ts";
import { until } from "../until.ts";
import type { World } from "../world.ts";

const load = ({ app }: World) => app.asAnonymous().call.beta.load;
const double = (n: number): unknown => ({ n: 2 * n });
const internalRoute = (path: string): unknown =>
  edgeFailure("NOT_FOUND", { number: -32004, httpStatus: 404, path, message: `No procedure found on path "${path}"`, details: undefined });

const many: readonly Case[] = [
  {
    name: "1 000 calls at once are each answered with their own",
    run: async (world) =>
      (await Promise.all(Array.from({ length: 1_000 }, (_, n) => load(world).doubleLater({ n })))).filter((answer, n) => answer.n === 2 * n).length,
    expected: 1_000,
  },
  {
    name: "1 000 calls at once of a handler that answers at once",
    run: async (world) =>
      (await Promise.all(Array.from({ length: 1_000 }, (_, n) => load(world).double({ n })))).filter((answer, n) => answer.n === 2 * n).length,
    expected: 1_000,
  },
  { name: "a handler makes 500 calls at once", run: ({ app }) => app.asAnonymous().call.alpha.relay.concurrent({ count: 500 }), expected: 500 },
  {
    name: "200 requests at once at the edge",
    run: async ({ edge }) =>
      (await Promise.all(Array.from({ length: 200 }, (_, n) => edge().query("beta.load.doubleLater", { n })))).filter(
        (answer, n) => (answer as { readonly n: number }).n === 2 * n,
      ).length,
    expected: 200,
  },
  {
    name: "answers come as they are ready, not in the order of asking",
    run: async (world) => {
      const tag = world.tag();
      const order: string[] = [];
      const held = load(world)
        .hold({ tag })
        .then(() => order.push("held"));
      await until("the first call at the callee", () => world.probe.notes(`${tag} entered`).length === 1);
      await load(world)
        .double({ n: 1 })
        .then(() => order.push("quick"));
      world.probe.open(tag);
      await held;
      return order;
    },
    expected: ["quick", "held"],
  },
  {
    name: "more calls at once than a context takes are OVERLOADED, and the others go on",
    run: async (world) => {
      const tag = world.tag();
      const held = Array.from({ length: 1_000 }, () => outcomeOf(load(world).hold({ tag })));
      try {
        await until("1 000 calls at the callee", () => world.probe.notes(`${tag} entered`).length === 1_000);
        const refused = await outcomesOf([load(world).double({ n: 1 }), load(world).double({ n: 2 })]);
        world.probe.open(tag);
        return { refused, held: [...new Set(await Promise.all(held))], after: await load(world).double({ n: 1 }) };
      } finally {
        // If these calls stayed held, all later cases would be refused.
        world.probe.open(tag);
      }
    },
    expected: {
      refused: [failure("OVERLOADED", { message: "More than 1000 calls run at once (limit concurrencyCount)." }), failure("OVERLOADED")],
      held: ["held"],
      after: { n: 2 },
    },
  },
];

const large: readonly Case[] = [
  { name: "an answer of 1 MB", run: async (world) => (await load(world).answer({ chars: 500_000 })).text === "ä".repeat(500_000), expected: true },
  { name: "an input of 2 MB", run: (world) => load(world).measure({ text: "ä".repeat(1_000_000) }), expected: 1_000_000 },
  {
    name: "an answer of 1 MB that a handler sends on",
    run: ({ app }) => app.asAnonymous().call.alpha.relay.large({ chars: 500_000 }),
    expected: 500_000,
  },
  {
    name: "details of 1 MB",
    run: async (world) => {
      const { failure: error } = (await outcomeOf(load(world).details({ chars: 500_000 }))) as ReturnType<typeof failure>;
      return { code: error["code"], length: (error["details"] as { readonly text: string }).text.length };
    },
    expected: { code: "LARGE", length: 500_000 },
  },
  {
    name: "ten answers of 1 MB at once",
    run: async (world) =>
      (await Promise.all(Array.from({ length: 10 }, () => load(world).answer({ chars: 500_000 })))).map(({ text }) => text.length),
    expected: Array.from({ length: 10 }, () => 500_000),
  },
  {
    name: "an answer of 1 MB at the edge",
    run: async ({ edge }) => ((await edge().query("beta.load.answer", { chars: 500_000 })) as { readonly text: string }).text.length,
    expected: 500_000,
  },
  {
    name: "an answer over the edge's limit is PAYLOAD_TOO_LARGE",
    run: async ({ edge }) => withoutMessage(await outcomeOf(edge().query("beta.load.answer", { chars: 5_000_000 }))),
    expected: edgeFailure("PAYLOAD_TOO_LARGE", { number: -32013, httpStatus: 413, path: "beta.load.answer", message: "<limit>", details: undefined }),
  },
  {
    name: "an input over the edge's limit for texts is BAD_REQUEST",
    run: ({ edge, tag }) => edge().mutation("beta.access.public.act", { tag: tag() + "ä".repeat(140_000) }),
    expected: edgeFailure("BAD_REQUEST", {
      number: -32600,
      httpStatus: 400,
      path: "beta.access.public.act",
      details: { issues: [{ path: "tag", code: "too_big", message: "a string of more than 262144 bytes" }] },
    }),
  },
  {
    name: "a body over the edge's limit is PAYLOAD_TOO_LARGE",
    run: async ({ edge }) => {
      const outcome = (await outcomeOf(edge().mutation("beta.tx.commit", { tag: "x".repeat(1_200_000) }))) as ReturnType<typeof failure>;
      return outcome.failure["httpStatus"] ?? outcome;
    },
    expected: 413,
  },
  {
    name: "details over the limit of an error body are left out at the edge",
    run: ({ edge }) => edge().query("beta.load.details", { chars: 500_000 }),
    expected: edgeFailure("LARGE", { number: -32022, httpStatus: 422, path: "beta.load.details", message: "Large.", details: undefined }),
  },
];

/** Removes the message. No other part depends on which limit is reached first, the edge's or the mesh's. */
function withoutMessage(outcome: unknown): unknown {
  const { failure: error } = outcome as ReturnType<typeof failure>;
  return { failure: { ...error, message: "<limit>" } };
}

const links = (["httpLink", "httpBatchLink", "httpBatchStreamLink"] as const).flatMap((link): readonly Case[] => [
  {
    name: `${link}: calls of several contexts, with errors among them`,
    run: ({ edge, tag }) => {
      const client = edge({ link });
      return outcomesOf([
        client.query("beta.load.double", { n: 1 }),
        client.query("alpha.relay.concurrent", { count: 3 }),
        client.query("beta.errors.later", { what: "notFound" }),
        client.query("values.take.text", "ä"),
        client.query("nowhere.at.all"),
        client.query("beta.load.double", { n: "x" }),
        client.query("beta.access.internal.ask", { tag: tag() }),
        client.query("gamma.ledger.booked", { tag: tag() }),
      ]);
    },
    expected: [
      double(1),
      3,
      edgeFailure("NOT_FOUND", { number: -32004, httpStatus: 404, path: "beta.errors.later", message: "There is no such item.", details: undefined }),
      "'ä'",
      internalRoute("nowhere.at.all"),
      edgeFailure("BAD_REQUEST", {
        number: -32600,
        httpStatus: 400,
        path: "beta.load.double",
        details: { issues: [{ path: "n", code: "invalid_type", message: "Invalid input: expected number, received string" }] },
      }),
      internalRoute("beta.access.internal.ask"),
      [],
    ],
  },
  {
    name: `${link}: mutations of several contexts`,
    run: async ({ edge, tag }) => {
      const client = edge({ link });
      const name = tag();
      return outcomesOf([
        client.mutation("beta.access.public.act", { tag: name }),
        client.mutation("values.put.number", -0),
        client.mutation("alpha.walls.readOutbox"),
      ]);
    },
    expected: ["entered", "0", { code: "INTERNAL", sqlState: "42501" }],
  },
  {
    name: `${link}: a procedure without input and answer`,
    run: async ({ edge, tag }) => {
      const client = edge({ link });
      return [await client.mutation("beta.keys.addSilently", { tag: tag(), amount: 1 }), await client.query("alpha.chain.generous")];
    },
    expected: [undefined, true],
  },
  {
    name: `${link}: a mutation asked for as a query is METHOD_NOT_SUPPORTED`,
    trpcOnly: "a client of REST takes the method from the route",
    run: ({ edge, tag }) => edge({ link }).query("beta.access.public.act", { tag: tag() }),
    expected: edgeFailure("METHOD_NOT_SUPPORTED", { number: -32005, httpStatus: 405, path: "beta.access.public.act", details: undefined }),
  },
  {
    name: `${link}: a query asked for as a mutation is METHOD_NOT_SUPPORTED`,
    trpcOnly: "a client of REST takes the method from the route",
    run: ({ edge, tag }) => edge({ link }).mutation("beta.access.public.ask", { tag: tag() }),
    expected: edgeFailure("METHOD_NOT_SUPPORTED", { number: -32005, httpStatus: 405, path: "beta.access.public.ask", details: undefined }),
  },
]);

const batches: readonly Case[] = [
  {
    name: "a batch of 20 is answered",
    run: async ({ edge }) => {
      const client = edge({ link: "httpBatchLink" });
      return Promise.all(Array.from({ length: 20 }, (_, n) => client.query("beta.load.double", { n })));
    },
    expected: Array.from({ length: 20 }, (_, n) => double(n)),
  },
  {
    name: "a batch of 21 is refused, and none of it runs",
    trpcOnly: "REST has no batches",
    run: async ({ edge, probe, tag }) => {
      const client = edge({ link: "httpBatchLink" });
      const name = tag();
      const outcomes = await outcomesOf(Array.from({ length: 21 }, () => client.query("beta.access.public.ask", { tag: name })));
      return {
        times: probe.notes(name).length,
        statuses: [...new Set(outcomes.map((outcome) => (outcome as ReturnType<typeof failure>).failure["httpStatus"]))],
      };
    },
    expected: { times: 0, statuses: [400] },
  },
  {
    name: "a streamed batch gives each answer as it is ready",
    run: async (world) => {
      const tag = world.tag();
      const client = world.edge({ link: "httpBatchStreamLink" });
      const order: string[] = [];
      const held = client.query("beta.load.hold", { tag }).then(() => order.push("held"));
      const quick = client.query("alpha.relay.concurrent", { count: 1 }).then(() => order.push("quick"));
      await quick;
      world.probe.open(tag);
      await held;
      return order;
    },
    expected: ["quick", "held"],
  },
];

/** Cases about many calls at once, and about large calls. */
export const LOAD = [topic("many calls", many), topic("large calls", large), topic("links", links), topic("batches", batches)];
