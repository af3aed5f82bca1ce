import { type App, defineApp, defineContext } from "holon";
import { contract, query, subscription } from "holon/contract";
import { z } from "zod";

/** The ways in which a stream of `feeds.odd` ends. */
export const ODD_ENDS = [
  "returns",
  "returns nothing",
  "throws before its first item",
  "throws after its first item",
  "throws when it is called",
  "gives an item that its contract does not allow",
  "is an iterator that throws",
  "is an iterator without return",
  "is an iterator whose return throws",
  "is an iterator whose return never ends",
  "is an iterator that is closed while it owes an item",
  "is nothing",
  "throws in its finally",
] as const;

export type OddEnd = (typeof ODD_ENDS)[number];

const Item = z.object({ n: z.int() });

const feedsContract = contract("feeds", {
  procedures: {
    ping: query({ access: "public", output: z.string() }),
    idle: subscription({ access: "public", output: Item }),
    silent: subscription({ access: "public", output: Item }),
    stubborn: subscription({ access: "public", output: Item }),
    odd: subscription({ access: "public", input: z.object({ end: z.enum(ODD_ENDS) }), output: Item }),
    ruled: subscription({ access: "public", output: Item }),
  },
});

const readerContract = contract("reader", {
  procedures: {
    ping: query({ access: "public", output: z.string() }),
    follow: subscription({ access: "public", output: Item }),
    /** Opens a stream of `feeds`, takes an item, and closes the stream. */
    first: query({ access: "public", output: Item }),
    /** Opens a stream of `feeds`, and never reads or closes it. */
    forget: query({ access: "public", output: z.boolean() }),
  },
});

export const contracts = { feeds: feedsContract, reader: readerContract };

/** Ends the handlers that ignore their signal. */
export class Release {
  #resolve: () => void = () => {};
  readonly released = new Promise<void>((resolve) => {
    this.#resolve = resolve;
  });

  now(): void {
    this.#resolve();
  }
}

/** Two contexts with streams; one reads the other's. */
export function createStreamApp(release: Release): App {
  const feeds = defineContext(feedsContract);
  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  const feedsModule = feeds.implement({
    procedures: feeds.procedures({
      ping: () => "pong",
      async *idle({ ctx }) {
        yield { n: 1 };
        await untilAborted(ctx.signal);
      },
      async *silent({ ctx }) {
        yield await untilAborted(ctx.signal);
      },
      async *stubborn() {
        yield { n: 1 };
        await release.released;
      },
      odd: ({ input }) => oddStream(input.end),
      async *ruled({ ctx }) {
        yield { n: 1 };
        await untilAborted(ctx.signal);
      },
    }),
    rules: { ruled: async () => false },
  });
  const reader = defineContext(readerContract, { calls: { feeds: feedsContract } });
  const readerModule = reader.implement({
    procedures: reader.procedures({
      ping: () => "pong",
      follow: ({ ctx }) => ctx.call.feeds.idle(),
      async first({ ctx }) {
        for await (const item of ctx.call.feeds.idle()) return item;
        return { n: 0 };
      },
      async forget({ ctx }) {
        await ctx.call.feeds.idle(undefined, { deadlineMs: 500 })[Symbol.asyncIterator]().next();
        return true;
      },
    }),
  });
  return defineApp({
    name: "streams",
    contexts: [feedsModule, readerModule],
    authenticate: ({ authorization }) => (authorization === undefined ? { kind: "anonymous" } : { kind: "user", id: authorization, roles: [] }),
  });
}

function oddStream(end: OddEnd): AsyncIterable<{ n: number }> {
  const next = async () => ({ done: false as const, value: { n: 1 } });
  const as = (iterator: object): AsyncIterable<{ n: number }> => ({ [Symbol.asyncIterator]: () => iterator as AsyncIterator<{ n: number }> });
  switch (end) {
    case "throws when it is called":
      throw new TypeError("not even an iterable");
    case "is an iterator that throws":
      return as({
        next() {
          throw new TypeError("no next");
        },
      });
    case "is an iterator without return":
      return as({ next });
    case "is an iterator whose return throws":
      return as({
        next,
        return() {
          throw new TypeError("no return");
        },
      });
    case "is an iterator whose return never ends": {
      let items = 0;
      return as({
        next: async () => (items++ === 0 ? { done: false, value: { n: 1 } } : { done: true, value: undefined }),
        return: () => new Promise(() => {}),
      });
    }
    case "is an iterator that is closed while it owes an item": {
      let items = 0;
      return as({ next: () => (items++ === 0 ? next() : new Promise(() => {})), return: async () => ({ done: true, value: undefined }) });
    }
    case "is nothing":
      return undefined as never;
    default:
      return oddItems(end);
  }
}

async function* oddItems(end: OddEnd): AsyncGenerator<{ n: number }> {
  try {
    if (end === "returns nothing") return;
    if (end === "throws before its first item") throw new TypeError("before");
    yield { n: 1 };
    if (end === "throws after its first item") throw new TypeError("after");
    if (end === "gives an item that its contract does not allow") yield { n: 0.5 };
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: an app may do this
    if (end === "throws in its finally") throw new TypeError("finally");
  }
}
