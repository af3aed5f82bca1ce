import { type Case, topic } from "../case.ts";
import { collect } from "../collect.ts";
import { itemsAtEdge } from "../edge-client.ts";
import { badRequest, edgeFailure, failure, INTERNAL, outcomeOf } from "../outcome.ts";
import { until } from "../until.ts";
import type { World } from "../world.ts";

const beta = ({ app }: World) => app.asAnonymous().call.beta.feeds;
const alpha = ({ app }: World) => app.asAnonymous().call.alpha.feeds;

/** The items of a stream, and how it ended. */
async function itemsAndEnd(items: AsyncIterable<unknown>): Promise<unknown> {
  const seen: unknown[] = [];
  const end = await outcomeOf(async () => {
    for await (const item of items) seen.push(item);
    return "end";
  });
  return { seen, end };
}

const noted = ({ probe }: World, tag: string): Promise<readonly unknown[]> =>
  until(`notes of ${tag}`, () => probe.notes(tag).length > 0 && probe.notes(tag));

const numbers = (to: number): unknown[] => Array.from({ length: to }, (_, index) => ({ n: index + 1 }));
const done = { done: true, value: undefined };
const over = failure("OVER", { message: "It is over.", details: { at: 2 } });

const items: readonly Case[] = [
  {
    name: "gives items in the order of asking, also to who asks for several at once",
    run: async (world) => {
      const stream = beta(world).count({ tag: world.tag(), to: 3 })[Symbol.asyncIterator]();
      return Promise.all([stream.next(), stream.next(), stream.next(), stream.next(), stream.next()]);
    },
    expected: [1, 2, 3].map((n): unknown => ({ done: false, value: { n } })).concat(done, done),
  },
  {
    name: "gives its items in order, and ends",
    run: (world) => itemsAndEnd(beta(world).count({ tag: world.tag(), to: 5 })),
    expected: { seen: numbers(5), end: "end" },
  },
  { name: "may have no items", run: (world) => itemsAndEnd(beta(world).nothing({ tag: world.tag() })), expected: { seen: [], end: "end" } },
  {
    name: "gives items as its contract says",
    run: (world) => itemsAndEnd(beta(world).shaped({ tag: world.tag() })),
    expected: {
      seen: [
        { a: 0, c: "x" },
        { a: 1, c: "a\ud83d" },
      ],
      end: "end",
    },
  },
  {
    name: "gives 10 000 items in order",
    run: async (world) => (await collect(beta(world).count({ tag: world.tag(), to: 10_000 }))).filter(({ n }, index) => n === index + 1).length,
    expected: 10_000,
  },
  {
    name: "does not run far ahead of a slow consumer",
    run: async (world) => {
      const tag = world.tag();
      const stream = beta(world).count({ tag, to: 1_000 })[Symbol.asyncIterator]();
      for (let taken = 0; taken < 10; taken++) await stream.next();
      // These calls give the stream time to run ahead.
      for (let turn = 0; turn < 20; turn++) await world.app.asAnonymous().call.beta.load.doubleLater({ n: turn });
      const ahead = world.probe.notes(`${tag} made`).length - 10;
      await stream.return?.();
      return { bounded: ahead <= 64, finally: await noted(world, tag) };
    },
    expected: { bounded: true, finally: ["finally"] },
  },
  {
    name: "gives all to a consumer that is slow all the way",
    run: async (world) => {
      let count = 0;
      for await (const { n } of beta(world).count({ tag: world.tag(), to: 200 })) {
        await new Promise((resolve) => setImmediate(resolve));
        if (n === ++count) continue;
        throw new Error(`item ${n} came as number ${count}`);
      }
      return count;
    },
    expected: 200,
  },
  {
    name: "gives large items",
    run: async (world) => (await collect(beta(world).large({ chars: 100_000, items: 5 }))).map(({ length }) => length),
    expected: [100_000, 100_000, 100_000, 100_000, 100_000],
  },
  {
    name: "gives each of two consumers its own",
    run: async (world) => {
      const both = [7, 3].map((to) => collect(beta(world).count({ tag: world.tag(), to })));
      return (await Promise.all(both)).map(({ length }) => length);
    },
    expected: [7, 3],
  },
  {
    name: "is handed on by a caller",
    run: (world) => itemsAndEnd(alpha(world).relay({ tag: world.tag(), to: 100 })),
    expected: { seen: numbers(100), end: "end" },
  },
  {
    name: "is read by a query, which stops it",
    run: async (world) => {
      const tag = world.tag();
      return { items: await alpha(world).firstThree({ tag }), finally: await noted(world, tag) };
    },
    expected: { items: [1, 2, 3], finally: ["finally"] },
  },
  {
    name: "that nobody reads is never opened",
    run: async (world) => {
      const tag = world.tag();
      const stream = beta(world).members({ tag });
      await world.app.asAnonymous().call.beta.load.double({ n: 1 });
      await (stream[Symbol.asyncIterator]() as AsyncIterator<unknown>).return?.();
      return world.probe.notes(tag);
    },
    expected: [],
  },
];

const ends: readonly Case[] = [
  {
    name: "with INTERNAL where a handler refuses at once with what its contract does not declare",
    run: (world) => itemsAndEnd(beta(world).refusingAtOnce({ tag: world.tag() })),
    expected: { seen: [], end: INTERNAL },
  },
  {
    name: "with INTERNAL where a statement fails",
    run: (world) => itemsAndEnd(beta(world).badSql({ tag: world.tag() })),
    expected: { seen: [], end: INTERNAL },
  },
  {
    name: "at once when the consumer leaves while it waits for an item that never comes",
    run: async (world) => {
      const tag = world.tag();
      const stream = beta(world).silent({ tag })[Symbol.asyncIterator]();
      const { value } = await stream.next();
      const waiting = stream.next();
      return {
        value,
        left: await stream.return?.(),
        waiting: await waiting,
        after: await stream.next(),
        signal: await noted(world, `${tag} signal`),
      };
    },
    expected: { value: 1, left: done, waiting: done, after: done, signal: ["CANCELLED"] },
  },
  {
    name: "when the consumer leaves, and aborts the handler's signal",
    run: async (world) => {
      const tag = world.tag();
      await collect(beta(world).endless({ tag }), 2);
      return noted(world, `${tag} signal`);
    },
    expected: ["CANCELLED"],
  },
  {
    name: "by itself without aborting the handler's signal",
    run: async (world) => {
      const tag = world.tag();
      await collect(beta(world).signalled({ tag }));
      await world.app.asAnonymous().call.beta.load.doubleLater({ n: 1 });
      return world.probe.notes(tag);
    },
    expected: ["finally"],
  },
  {
    name: "with an error after its items",
    run: async (world) => {
      const tag = world.tag();
      return { ...((await itemsAndEnd(beta(world).refusing({ tag }))) as object), finally: await noted(world, tag) };
    },
    expected: { seen: [1, 2], end: over, finally: ["finally"] },
  },
  {
    name: "with INTERNAL where the handler fails",
    run: async (world) => {
      const tag = world.tag();
      return { ...((await itemsAndEnd(beta(world).broken({ tag }))) as object), finally: await noted(world, tag) };
    },
    expected: { seen: [1], end: INTERNAL, finally: ["finally"] },
  },
  {
    name: "with INTERNAL where the handler fails at once",
    run: (world) => itemsAndEnd(beta(world).brokenAtOnce({ tag: world.tag() })),
    expected: { seen: [], end: INTERNAL },
  },
  {
    name: "with INTERNAL at an item that does not fit the contract",
    run: async (world) => {
      const tag = world.tag();
      return { ...((await itemsAndEnd(beta(world).badItem({ tag }))) as object), finally: await noted(world, tag) };
    },
    expected: { seen: [1], end: INTERNAL, finally: ["finally"] },
  },
  {
    name: "before it begins, where the input does not fit",
    run: (world) => itemsAndEnd(beta(world).count({ tag: world.tag(), to: 1.5 })),
    expected: { seen: [], end: badRequest(["to", "invalid_type"]) },
  },
  {
    name: "before it begins, where access is refused",
    run: (world) => itemsAndEnd(beta(world).members({ tag: world.tag() })),
    expected: { seen: [], end: failure("UNAUTHORIZED", { message: "Sign in to call this procedure." }) },
  },
  {
    name: "and stays ended after an error",
    run: async (world) => {
      const stream = beta(world).refusing({ tag: world.tag() })[Symbol.asyncIterator]();
      await stream.next();
      await stream.next();
      return [await outcomeOf(stream.next()), await stream.next(), await stream.next()];
    },
    expected: [over, { done: true, value: undefined }, { done: true, value: undefined }],
  },
  {
    name: "when the consumer leaves, and runs the handler's finally",
    run: async (world) => {
      const tag = world.tag();
      return { items: await collect(beta(world).endless({ tag }), 3), finally: await noted(world, tag) };
    },
    expected: { items: [1, 2, 3], finally: ["finally"] },
  },
  {
    name: "when the consumer throws, and runs the handler's finally",
    run: async (world) => {
      const tag = world.tag();
      const consumer = async (): Promise<void> => {
        for await (const item of beta(world).endless({ tag })) throw new RangeError(`at ${item}`);
      };
      return { consumer: await outcomeOf(consumer), finally: await noted(world, tag) };
    },
    expected: { consumer: { failure: { class: "RangeError", text: "RangeError: at 1" } }, finally: ["finally"] },
  },
  {
    name: "through a chain when the consumer leaves",
    run: async (world) => {
      const tag = world.tag();
      return { items: await collect(alpha(world).endless({ tag }), 2), finally: await noted(world, tag) };
    },
    expected: { items: [1, 2], finally: ["finally"] },
  },
  {
    name: "with CANCELLED where the consumer aborts while it waits",
    run: async (world) => {
      const tag = world.tag();
      const controller = new AbortController();
      const stream = beta(world).waiting({ tag }, { signal: controller.signal })[Symbol.asyncIterator]();
      const { value } = await stream.next();
      const end = outcomeOf(stream.next());
      await world.probe.pass(`${tag} waits`);
      controller.abort();
      return { value, end: await end, finally: await noted(world, tag) };
    },
    expected: { value: 1, end: failure("CANCELLED", { message: "<any>" }), finally: ["finally"] },
  },
  {
    name: "at its deadline, while the handler waits for ever",
    run: async (world) => {
      const tag = world.tag();
      const end = await itemsAndEnd(beta(world).silent({ tag }, { deadlineMs: 80 }));
      return { end, signal: await noted(world, `${tag} signal`) };
    },
    expected: { end: { seen: [1], end: failure("DEADLINE_EXCEEDED", { message: "<any>" }) }, signal: ["DEADLINE_EXCEEDED"] },
  },
];

const refusedAtEdge = edgeFailure("UNAUTHORIZED", {
  number: -32001,
  httpStatus: 401,
  path: "beta.feeds.members",
  message: "Sign in to call this procedure.",
  details: undefined,
});

const edge: readonly Case[] = [
  {
    name: "gives items in order, and completes",
    run: (world) => itemsAtEdge(world.edge(), "beta.feeds.count", { tag: world.tag(), to: 50 }),
    expected: numbers(50),
  },
  {
    name: "of a caller that hands it on",
    run: (world) => itemsAtEdge(world.edge(), "alpha.feeds.relay", { tag: world.tag(), to: 50 }),
    expected: numbers(50),
  },
  {
    name: "for a user, by connectionParams",
    run: (world) => itemsAtEdge(world.edge({ as: "user ada" }), "beta.feeds.members", { tag: world.tag() }),
    expected: ["entered"],
  },
  { name: "refuses who may not", run: (world) => itemsAtEdge(world.edge(), "beta.feeds.members", { tag: world.tag() }), expected: refusedAtEdge },
  {
    name: "refuses input that does not fit",
    run: (world) => itemsAtEdge(world.edge(), "beta.feeds.count", { tag: world.tag(), to: "x" }),
    expected: edgeFailure("BAD_REQUEST", {
      number: -32600,
      httpStatus: 400,
      path: "beta.feeds.count",
      details: badRequest(["to", "invalid_type"]).failure["details"],
    }),
  },
  {
    name: "ends with a declared error",
    run: (world) => itemsAtEdge(world.edge(), "beta.feeds.refusing", { tag: world.tag() }),
    expected: edgeFailure("OVER", { number: -32022, httpStatus: 422, path: "beta.feeds.refusing", message: "It is over.", details: { at: 2 } }),
  },
  {
    name: "ends when the client unsubscribes, down to the last of a chain",
    run: async (world) => {
      const tag = world.tag();
      const three = await new Promise<unknown[]>((resolve, reject) => {
        const seen: unknown[] = [];
        const subscription = world.edge().subscription(
          "alpha.feeds.endless",
          { tag },
          {
            onError: reject,
            onData(item) {
              seen.push(item);
              if (seen.length < 3) return;
              subscription.unsubscribe();
              resolve(seen.slice(0, 3));
            },
          },
        );
      });
      return { three, finally: await noted(world, tag) };
    },
    expected: { three: [1, 2, 3], finally: ["finally"] },
  },
  {
    name: "is no query",
    trpcOnly: "REST has no subscriptions",
    run: ({ edge: open, tag }) =>
      open()
        .query("beta.feeds.nothing", { tag: tag() })
        .then(
          () => "answered",
          (error: Error) => error.constructor.name,
        ),
    expected: "TRPCClientError",
  },
];

/** Cases about subscriptions. */
export const STREAMS = [topic("a stream", items), topic("a stream ends", ends), topic("a stream at the edge", edge)];
