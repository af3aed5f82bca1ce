import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, event, mutation } from "../contract/index.ts";
import { signal, until } from "../data/child.testing.ts";
import { testLimits, testScope } from "../data/database.testing.ts";
import { defineContext } from "../define/define-context.ts";
import { systemClock } from "../kernel/clock.ts";
import { silentLogger } from "../kernel/log.ts";
import { ANONYMOUS } from "../kernel/principal.ts";
import { Timers } from "../kernel/timers.ts";
import { job } from "../work/jobs/job.ts";
import { effects, tables } from "../work/jobs/jobs.fixture.testing.ts";
import { useJobs } from "../work/jobs/jobs.testing.ts";
import { compileContext } from "./context-runtime.ts";
import { createTransactionFactory } from "./typed-transaction.ts";

const place = useJobs();
const orders = defineContext(contract("orders", { procedures: { place: mutation({ access: "public", input: z.object({ text: z.string() }) }) } }), {
  tables,
  jobs: { send: job(z.object({ text: z.string() }), { result: z.object({ sent: z.boolean() }) }) },
});

function compile(handlers: Parameters<typeof orders.jobs>[0]) {
  const module = orders.implement({
    procedures: orders.procedures({ place: ({ input, ctx }) => ctx.transaction((tx) => tx.enqueue("send", input)) }),
    jobs: orders.jobs(handlers),
  });
  const timers = new Timers(() => systemClock.monotonicMs());
  const services = {
    clock: systemClock,
    timers,
    log: silentLogger,
    newId: randomUUID,
    series: () => ({ record() {} }),
    transportOf: () => "local" as const,
  };
  return compileContext({ module, store: place.store, limits: testLimits(), pipeline: services });
}

describe("a context's jobs", () => {
  it("are enqueued by a procedure, run with a ctx of their own, and end in the transaction of their effect", async () => {
    const seen = signal<readonly unknown[]>();
    const context = compile({
      async send({ data, ctx, attempt, complete }) {
        await complete(async (tx) => {
          await tx.db.insert(effects).values({ job: data.text, attempt });
          return { sent: true };
        });
        seen.resolve([ctx.principal, ctx.initiator, ctx.user, ctx.remainingMs > 50_000]);
        throw ctx.fail("CONFLICT", "after the end");
      },
    });
    const work = await place.start(context.module.jobs, Object.fromEntries(context.jobs));
    await context.targets.get("orders.place")?.invoke(testScope(), { text: "hello" });
    const [{ id } = { id: "" }] = await place.sql<{ id: string }[]>`select id from orders.holon_outbox`;
    await place.publish(work);
    expect(await seen.promise).toEqual([{ kind: "system", context: "orders", task: "job send" }, ANONYMOUS, undefined, true]);
    await place.is(id, "done");
    expect(await place.row(id)).toMatchObject({ result: { sent: true }, attempts: 1 });
    expect(await place.sql`select job, attempt from orders.effects`).toEqual([{ job: "hello", attempt: 1 }]);
  });

  it("end once, and may write more after that", async () => {
    const failures: unknown[] = [];
    const context = compile({
      async send({ ctx, complete }) {
        await complete(async () => ({ sent: true }));
        await complete(async () => ({ sent: true })).catch((error: unknown) => failures.push(error));
        await ctx.transaction(async (tx) => tx.enqueue("send", { text: "next" }));
        return { sent: true };
      },
    });
    const work = await place.start(context.module.jobs, Object.fromEntries(context.jobs));
    const id = await place.enqueue(work, { data: { text: "x" } });
    await place.is(id, "done");
    await until(async () => (await place.sql`select 1 from orders.holon_outbox where payload->>'text' = 'next'`).length === 1);
    expect(failures).toMatchObject([{ code: "INTERNAL" }]);
  });

  it("whose run was taken over by another write nothing more", async () => {
    const failure = signal<unknown>();
    const context = compile({
      async send({ ctx }) {
        await place.sql`update orders.holon_jobs set state = 'waiting', run_by = null`;
        await ctx.transaction((tx) => tx.db.insert(effects).values({ job: "late", attempt: 1 })).catch(failure.resolve);
        return { sent: true };
      },
    });
    const work = await place.start(context.module.jobs, Object.fromEntries(context.jobs));
    await place.enqueue(work, { data: { text: "x" } });
    expect(await failure.promise).toMatchObject({ code: "KEY_IN_FLIGHT" });
    expect(await place.sql`select 1 from orders.effects`).toEqual([]);
  });

  it("refuse data over one megabyte, and with it the transaction", async () => {
    const openTransaction = createTransactionFactory("orders", {}, orders.jobSpecs);
    const attempt = place.store.transaction(testScope(), async (tx) => {
      await tx.db.insert(effects).values({ job: "large", attempt: 1 });
      await openTransaction(tx as never).enqueue("send", { text: "x".repeat(1024 * 1024) });
    });
    await expect(attempt).rejects.toThrow(/more than 1048576/);
    expect(await place.sql`select 1 from orders.effects union all select 1 from orders.holon_outbox`).toEqual([]);
  });

  it.each([
    { delayMs: -1 },
    { delayMs: Number.NaN },
    { delayMs: 1e300 },
    { priority: -1 },
    { priority: 1.5 },
    { priority: 2 ** 21 },
    { deduplicationKey: "" },
    { deduplicationKey: "x".repeat(201) },
  ])("refuse options that no queue takes, before they hold up others: %j", async (options) => {
    const openTransaction = createTransactionFactory("orders", {}, orders.jobSpecs);
    const attempt = place.store.transaction(testScope(), (tx) => openTransaction(tx as never).enqueue("send", { text: "x" }, options));
    await expect(attempt).rejects.toThrow(/of job orders\.send is/);
    expect(await place.sql`select 1 from orders.holon_outbox`).toEqual([]);
  });

  it("accept the greatest options", async () => {
    const openTransaction = createTransactionFactory("orders", {}, orders.jobSpecs);
    const greatest = { delayMs: 24 * 3_600_000, priority: 2 ** 21 - 1, deduplicationKey: "€".repeat(200) };
    await place.store.transaction(testScope(), (tx) => openTransaction(tx as never).enqueue("send", { text: "x" }, greatest));
    const work = await place.start(orders.jobSpecs, { send: async () => ({ sent: true }) });
    await place.publish(work);
    expect(await place.sql`select state, sent_at is not null as sent from orders.holon_jobs`).toEqual([{ state: "waiting", sent: true }]);
  });
});

describe("the key of an event", () => {
  it("has at most 200 characters, so that every subscriber can keep it", async () => {
    const noted = event(z.object({ key: z.string() }), { orderedBy: "key" });
    const openTransaction = createTransactionFactory("orders", { noted }, {});
    const emit = (key: string) => place.store.transaction(testScope(), (tx) => openTransaction(tx as never).emit("noted", { key }));
    await emit("€".repeat(200));
    await expect(emit("x".repeat(201))).rejects.toThrow(/has 201 characters/);
    expect((await place.sql`select 1 from orders.holon_outbox`).length).toBe(1);
  });
});
