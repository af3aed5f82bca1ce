import { setTimeout as sleep } from "node:timers/promises";
import { and, eq, notInArray } from "drizzle-orm";
import { pgSchema, text, uuid } from "drizzle-orm/pg-core";
import { type App, defineApp, defineContext, job, type ReaderOf, schedule, type TransactionOf } from "holon";
import { contract, mutation } from "holon/contract";
import { z } from "zod";

const Chore = z.object({ job: z.enum(["crash", "fail", "linger", "hang", "slow", "compute", "quick"]), name: z.string() });
const Named = z.object({ name: z.string() });

const chores = contract("chores", {
  procedures: { ask: mutation({ access: "public", idempotent: true, input: z.object({ chores: z.array(Chore).max(500) }) }) },
});

const schema = pgSchema("chores");
const tables = {
  effects: schema.table("effects", { job: text().notNull(), name: text().notNull() }),
  fixed: schema.table("fixed", { job: text().primaryKey() }),
  holonJobs: schema.table("holon_jobs", { id: uuid().primaryKey(), name: text().notNull(), state: text().notNull() }),
};
/** Whether this process was started to run a single job alone. */
const isAlone = process.argv[2] === "alone";
const forEver = (): Promise<never> => new Promise(() => {});

const backoff = { firstMs: 200, greatestMs: 800 };
const context = defineContext(chores, {
  tables,
  jobs: {
    crash: job(Named),
    fail: job(Named, { attempts: 4, backoff }),
    hang: job(Named, { attempts: 2, backoff, timeoutMs: 500 }),
    linger: job(Named, { attempts: 1 }),
    slow: job(Named, { attempts: 1 }),
    compute: job(Named, { attempts: 1 }),
    quick: job(Named, { attempts: 1 }),
    tick: job(Named, { attempts: 1 }),
  },
  schedules: { everySecond: schedule("* * * * * *", "tick", { name: "tick" }) },
});

/** A context whose jobs fail on purpose, until a row of `fixed` says that they are repaired. */
const choresModule = context.implement({
  procedures: context.procedures({
    async ask({ input, tx }) {
      for (const { job: name, ...data } of input.chores) await tx.enqueue(name, data);
    },
  }),
  jobs: context.jobs({
    async crash({ data, ctx, complete }) {
      if (!(await isFixed(ctx, "crash"))) {
        // The job waits until the lingering jobs run too, so that each death of the process interrupts them as well.
        while (!isAlone && (await others(ctx)) > 0) await sleep(20);
        process.kill(process.pid, "SIGKILL");
        await forEver();
      }
      await complete((tx) => write(tx, "crash", data.name));
    },
    async fail({ data, ctx, complete }) {
      if (!(await isFixed(ctx, "fail"))) throw new RangeError(`${data.name} cannot be done`);
      await complete((tx) => write(tx, "fail", data.name));
    },
    async hang({ data, ctx, complete }) {
      if (!(await isFixed(ctx, "hang"))) await forEver();
      await complete((tx) => write(tx, "hang", data.name));
    },
    async linger({ data, complete }) {
      if (!isAlone) await forEver();
      await complete((tx) => write(tx, "linger", data.name));
    },
    async slow({ data, complete }) {
      await sleep(300);
      await complete((tx) => write(tx, "slow", data.name));
    },
    async compute({ data, complete }) {
      // The loop takes longer than a lease, and blocks the event loop of the process.
      const untilMs = performance.now() + 20_000;
      while (performance.now() < untilMs);
      await complete((tx) => write(tx, "compute", data.name));
    },
    quick: ({ data, complete }) => complete((tx) => write(tx, "quick", data.name)),
    tick: ({ data, complete }) => complete((tx) => write(tx, "tick", data.name)),
  }),
});

async function isFixed({ db }: ReaderOf<typeof context>, name: string): Promise<boolean> {
  return (await db.select().from(tables.fixed).where(eq(tables.fixed.job, name))).length > 0;
}

/** How many lingering jobs are neither running nor done. */
async function others({ db }: ReaderOf<typeof context>): Promise<number> {
  const { holonJobs } = tables;
  return (
    await db
      .select()
      .from(holonJobs)
      .where(and(eq(holonJobs.name, "linger"), notInArray(holonJobs.state, ["running", "done"])))
  ).length;
}

async function write(tx: TransactionOf<typeof context>, name: string, data: string): Promise<void> {
  await tx.db.insert(tables.effects).values({ job: name, name: data });
}

/** One context with jobs that misbehave, and a schedule. */
export function createChoresApp(migrations: string): App {
  return defineApp({ name: "chores", contexts: [choresModule], migrations });
}
