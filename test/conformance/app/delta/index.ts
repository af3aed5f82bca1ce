import { sql } from "drizzle-orm";
import type { ContextModule } from "holon";
import type { Probe } from "../../probe.ts";
import { hopOf } from "../hop.ts";
import { reasonOf } from "../reason.ts";
import { delta } from "./context.ts";
import { beds } from "./tables.ts";

/** How long statements sleep. It is longer than any deadline of a case, and than the time limits of the tests. */
const SLEEP_SECONDS = 600;

/** The last context of the chain, where work hangs. */
export function createDelta(probe: Probe): ContextModule {
  return delta.implement({
    procedures: delta.procedures({
      chain: {
        trace: ({ ctx }) => [hopOf("delta", ctx)],
        async sleep({ input, ctx }) {
          probe.note(input.tag, "entered");
          await ctx.db.select({ slept: sql`pg_sleep(${SLEEP_SECONDS})` }).from(beds);
        },
        async sleepInTransaction({ input, ctx }) {
          probe.note(input.tag, "entered");
          await ctx.transaction((tx) => tx.db.execute(sql`select pg_sleep(${SLEEP_SECONDS})`));
        },
        async hang({ input: { tag }, ctx }) {
          void reasonOf(ctx.signal).then((reason) => probe.note(tag, reason));
          probe.open(`${tag} entered`);
          await new Promise(() => {});
        },
      },
    }),
  });
}
