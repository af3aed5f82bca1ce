import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sql } from "drizzle-orm";
import { bigint, integer, pgSchema, primaryKey, text } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, job, type TransactionOf, workflow } from "holon";
import { contract, event, mutation, query } from "holon/contract";
import { z } from "zod";

const Id = z.object({ id: z.string() });

/** How many effects each piece of work must have, by kind. */
export const EFFECTS_OF_A_PIECE = { event: 1, job: 1, step: 5 } as const;

/** The number of different event keys. It is limited, because the counter of a key is kept for weeks. */
const KEYS = 5_000;

/**
 * The number of rows that count the effects of one kind: one row for each key of the events. Two transactions never handle events of one key at the same time,
 * so the handlers of events never wait for each other's rows. With 64 rows they waited. At 150 events a second the waits cost more than the work, so the soak
 * measured the waits.
 */
const SLOTS = KEYS;

const tallies = (context: string) =>
  pgSchema(context).table("tallies", { kind: text().notNull(), slot: integer().notNull(), n: bigint({ mode: "number" }).notNull() }, (table) => [
    primaryKey({ columns: [table.kind, table.slot] }),
  ]);
const [sourceTallies, sinkTallies] = [tallies("source"), tallies("sink")];

const sourceContract = contract("source", {
  procedures: {
    /** Emits, enqueues and starts one piece of each kind for each id. */
    fire: mutation({ access: "public", idempotent: true, input: z.object({ ids: z.array(z.string()).max(1_000), runs: z.int().min(0) }) }),
    /** The memory and the handles of this process, after a garbage collection. */
    look: query({ access: "public", output: z.object({ residentBytes: z.number(), heapBytes: z.number(), handles: z.int() }) }),
  },
  events: { happened: event(Id.extend({ key: z.string() }), { orderedBy: "key" }) },
});

const source = defineContext(sourceContract, {
  tables: { sourceTallies },
  jobs: { note: job(Id, { concurrency: 20 }) },
  workflows: { walk: workflow({ version: 1, input: Id }) },
});

const sourceModule = source.implement({
  procedures: source.procedures({
    async fire({ input: { ids, runs }, tx }) {
      for (const id of ids) {
        await tx.emit("happened", { id, key: `key ${hashOf(id) % KEYS}` });
        await tx.enqueue("note", { id });
      }
      for (const id of ids.slice(0, runs)) await tx.start("walk", { id }, { key: id });
    },
    async look() {
      collectGarbage();
      const { rss, heapUsed } = process.memoryUsage();
      return { residentBytes: rss, heapBytes: heapUsed, handles: process.getActiveResourcesInfo().length };
    },
  }),
  jobs: source.jobs({ note: ({ data, complete }) => complete((tx: TransactionOf<typeof source>) => count(tx, "job", data.id)) }),
  workflows: source.workflows({
    async walk({ input: { id }, step }) {
      for (let at = 0; at < EFFECTS_OF_A_PIECE.step; at++) await step.transaction(`step ${at}`, ({ tx }) => count(tx, "step", `${id} ${at}`));
    },
  }),
});

const sink = defineContext(contract("sink", { procedures: {} }), { tables: { sinkTallies }, subscribesTo: { source: sourceContract } });
const sinkModule = sink.implement({
  procedures: sink.procedures({}),
  events: sink.events({
    source: {
      async happened({ event: { payload }, tx }) {
        await tx.db
          .insert(sinkTallies)
          .values({ kind: "event", slot: slotOf(payload.id), n: 1 })
          .onConflictDoUpdate({ target: [sinkTallies.kind, sinkTallies.slot], set: { n: sql`${sinkTallies.n} + 1` } });
      },
    },
  }),
});

/** The app of the sustained soak: every piece of work only raises a count. */
export function createSustainApp(migrations: string): App {
  return defineApp({ name: "sustain", contexts: [sourceModule, sinkModule], migrations });
}

async function count({ db }: TransactionOf<typeof source>, kind: string, id: string): Promise<void> {
  await db
    .insert(sourceTallies)
    .values({ kind, slot: slotOf(id), n: 1 })
    .onConflictDoUpdate({ target: [sourceTallies.kind, sourceTallies.slot], set: { n: sql`${sourceTallies.n} + 1` } });
}

function slotOf(id: string): number {
  return hashOf(id) % SLOTS;
}

function hashOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (hash * 31 + id.charCodeAt(at)) >>> 0;
  return hash;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
