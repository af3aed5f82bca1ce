import { sql } from "drizzle-orm";
import { HolonError } from "holon";
import type { Probe } from "../../probe.ts";
import { reasonOf } from "../reason.ts";
import type { BetaHandlers } from "./context.ts";

/** Streams of all kinds; each notes its end. */
export const createFeeds = (probe: Probe): BetaHandlers["feeds"] => ({
  async *count({ input: { tag, to } }) {
    try {
      for (let n = 1; n <= to; n++) {
        probe.note(`${tag} made`, n);
        yield { n };
      }
    } finally {
      probe.note(tag, "finally");
    }
  },
  async *nothing({ input }) {
    probe.note(input.tag, "finally");
    yield* [];
  },
  async *endless({ input, ctx }) {
    void reasonOf(ctx.signal).then((reason) => probe.note(`${input.tag} signal`, reason));
    try {
      for (let n = 1; ; n++) {
        yield n;
        await undefined;
      }
    } finally {
      probe.note(input.tag, "finally");
    }
  },
  async *silent({ input, ctx }) {
    void reasonOf(ctx.signal).then((reason) => probe.note(`${input.tag} signal`, reason));
    yield 1;
    await new Promise(() => {});
  },
  async *signalled({ input, ctx }) {
    void reasonOf(ctx.signal).then((reason) => probe.note(input.tag, reason));
    yield 1;
    probe.note(input.tag, "finally");
  },
  async *waiting({ input, ctx }) {
    try {
      yield 1;
      probe.open(`${input.tag} waits`);
      await reasonOf(ctx.signal);
    } finally {
      probe.note(input.tag, "finally");
    }
  },
  async *refusing({ input, ctx }) {
    try {
      yield 1;
      yield 2;
      throw ctx.fail("OVER", { at: 2 }, "It is over.");
    } finally {
      probe.note(input.tag, "finally");
    }
  },
  broken: async function* frameOfTheCallee({ input }) {
    try {
      yield 1;
      throw new Error("s3cret");
    } finally {
      probe.note(input.tag, "finally");
    }
  },
  brokenAtOnce: (() => {
    throw new Error("s3cret");
  }) as never,
  refusingAtOnce: (() => {
    throw new HolonError("OVER", "s3cret", { details: { password: 1 }, cause: new Error("s3cret") });
  }) as never,
  async *badSql({ ctx }) {
    yield await ctx.transaction(async (tx) => (await tx.db.execute(sql`select s3cret from nowhere`)).length);
  },
  async *badItem({ input }) {
    try {
      yield 1;
      yield "s3cret" as never;
      yield 3;
    } finally {
      probe.note(input.tag, "finally");
    }
  },
  async *shaped() {
    yield { a: -0, b: undefined, c: "  x ", secret: 1 } as never;
    yield { a: 1, c: "a\ud83d" };
  },
  async *large({ input }) {
    for (let n = 0; n < input.items; n++) yield "ä".repeat(input.chars);
  },
  async *members({ input }) {
    probe.note(input.tag, "entered");
    yield "entered";
  },
});
