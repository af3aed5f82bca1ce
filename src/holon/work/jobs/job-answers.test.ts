import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { until } from "../../data/child.testing.ts";
import { job } from "./job.ts";
import type { JobHandler } from "./job-call.ts";
import { effects } from "./jobs.fixture.testing.ts";
import { useJobs } from "./jobs.testing.ts";

const place = useJobs();
const specs = { send: job(z.object({ odd: z.boolean().optional() }), { result: z.any(), concurrency: 50 }) };
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

/** Ends its job, with this answer, in the transaction of its effect. */
function completing(answer: unknown): JobHandler {
  return (call) =>
    place.store.transaction(call.scope, async (tx) => {
      await tx.db.insert(effects).values({ job: "send", attempt: call.attempt });
      await call.complete(tx, answer);
    });
}

describe.each([
  ["a BigInt", { n: 1n }],
  ["a cycle", cyclic],
])("the answer of a job that holds %s", (_name, answer) => {
  it("is refused in the transaction that completes the job: the transaction is rolled back, and the job is set aside after one run", async () => {
    const work = await place.start(specs, { send: completing(answer) });
    const id = await place.enqueue(work);
    await place.is(id, "failed");
    expect(await place.effectCount()).toBe(0);
    expect(await place.row(id)).toMatchObject({
      attempts: 1,
      failures: 1,
      reason: expect.stringMatching(/^INTERNAL: The answer of the job send cannot be kept/),
    });
  });

  it("sets its job aside after one run, whose effect elsewhere is done, and does not affect the jobs that end beside it", async () => {
    const runs: boolean[] = [];
    const send: JobHandler = async (call) => {
      const { odd = false } = call.data as { odd?: boolean };
      runs.push(odd);
      return odd ? answer : 1;
    };
    const work = await place.start(specs, { send });
    const [id = "", ...others] = await place.append([{ data: { odd: true } }, ...Array.from({ length: 20 }, () => ({}))]);
    await place.publish(work);
    await place.is(id, "failed");
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state = 'done'`).length === others.length);
    expect(runs.filter((odd) => odd)).toEqual([true]);
    expect(await place.sql`select distinct attempts, failures from orders.holon_jobs where state = 'done'`).toEqual([{ attempts: 1, failures: 0 }]);
    expect(await place.row(id)).toMatchObject({ reason: expect.stringMatching(/cannot be kept/) });
  });
});

describe("the answer of a job that does not fit its schema", () => {
  it("sets the job aside after one run: another one would have the effect again", async () => {
    let runs = 0;
    const send: JobHandler = async () => {
      runs++;
      return { n: "x" };
    };
    const work = await place.start({ send: job(z.object({}), { result: z.object({ n: z.int() }) }) }, { send });
    const id = await place.enqueue(work);
    await place.is(id, "failed");
    expect([runs, (await place.row(id))["reason"]]).toEqual([1, expect.stringMatching(/cannot be kept.*n:/)]);
  });
});

describe.each([
  ["U+0000", { text: "a\u0000b", "\u0000": ["\u0000"] }],
  ["half of a surrogate pair", { text: "a\ud83db" }],
  ["the text of an escape", { text: "\\u0000" }],
])("an answer with %s", (_name, answer) => {
  it("is kept as it is, after one run, and does not affect the jobs that end beside it", async () => {
    let runs = 0;
    const send: JobHandler = async (call) => {
      runs++;
      await call.progress(answer);
      return (call.data as { odd?: boolean }).odd ? answer : 1;
    };
    const work = await place.start(specs, { send });
    const [id = ""] = await place.append([{ data: { odd: true } }, ...Array.from({ length: 20 }, () => ({}))]);
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state in ('waiting', 'running')`).length === 0);
    expect(runs).toBe(21);
    expect(await place.row(id)).toMatchObject({ state: "done", attempts: 1, failures: 0, result: answer, progress: answer });
  });

  it("is kept by the transaction that completes the job", async () => {
    const work = await place.start(specs, { send: completing(answer) });
    const id = await place.enqueue(work);
    await place.is(id, "done");
    expect([await place.effectCount(), await place.row(id)]).toEqual([1, expect.objectContaining({ attempts: 1, result: answer })]);
  });
});

describe("an answer that the database refuses", () => {
  it("sets the job aside after one run, and does not affect the jobs that end beside it", async () => {
    await place.sql`alter table orders.holon_jobs add constraint short check (length(result::text) < 100)`;
    onTestFinished(async () => {
      await place.sql`alter table orders.holon_jobs drop constraint short`;
    });
    let runs = 0;
    const send: JobHandler = async (call) => {
      runs++;
      return (call.data as { odd?: boolean }).odd ? "x".repeat(100) : 1;
    };
    const work = await place.start(specs, { send });
    const [id = ""] = await place.append([{ data: { odd: true } }, ...Array.from({ length: 20 }, () => ({}))]);
    await place.publish(work);
    await until(async () => (await place.sql`select 1 from orders.holon_jobs where state in ('waiting', 'running')`).length === 0);
    expect(runs).toBe(21);
    expect(await place.row(id)).toMatchObject({
      state: "failed",
      failures: 1,
      reason: expect.stringMatching(/^INTERNAL: The answer of the job send cannot be kept/),
    });
  });
});
