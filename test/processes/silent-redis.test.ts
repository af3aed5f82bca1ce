import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase } from "holon/testing";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSilentProxy, type SilentOnes, type SilentProxy } from "../../src/holon/data/silent-proxy.testing.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../../src/holon/work/queue/redis-server.testing.ts";
import { eventually, type FixtureProcess, freePort, runProgram, tell } from "./fixture/run.ts";
import { EFFECTS } from "./silence/app.ts";

const MAIN = fileURLToPath(new URL("./silence/main.ts", import.meta.url));
const WITHOUT_QUEUES = EFFECTS.filter((effect) => effect.startsWith("sales"));
const QUEUES_AWAY = "the queues cannot be reached: events and jobs wait";
const RATES_AWAY = "Redis cannot be reached: for rate limits, this edge counts only its own calls";

let redis: TestRedis;
let database: TestDatabase;
let proxy: SilentProxy;
let sql: Sql;
let running: Running;

/** A process of the app whose Redis is behind the proxy. */
interface Running extends FixtureProcess {
  readonly port: number;
  readonly opsPort: number;
}

async function start(): Promise<Running> {
  const [port, opsPort] = [await freePort(), await freePort()];
  const env = { PORT: String(port), HOLON_OPS_PORT: String(opsPort), HOLON_MESH_PORT: "0", DATABASE_URL: database.url, REDIS_URL: proxy.url };
  return { ...runProgram(MAIN, ["start"], env), port, opsPort };
}

async function kill({ child, ended }: FixtureProcess): Promise<void> {
  child.kill("SIGKILL");
  await ended;
}

/** Places orders, a new one at each attempt, until one is accepted. Shape: the id of the accepted order. */
const placed = ({ port }: Running, name: string): Promise<string> => {
  let attempt = 0;
  return eventually(`an order is taken ${name}`, async () => {
    const id = `${name} ${++attempt}`;
    const { status } = await tell(port, "sales.place", { id });
    return status === 200 ? id : undefined;
  });
};

async function effectsOf(id: string): Promise<readonly string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'sales: ' || what as what from sales.effects where id = ${id} union all select 'mail: ' || what from mail.effects where id = ${id} order by 1`;
  return rows.map(({ what }) => what);
}

const haveHappened = (id: string, effects: readonly string[]): Promise<boolean> =>
  eventually(`${effects.join(", ")} of ${id}`, async () => (await effectsOf(id)).join() === effects.join() || undefined);

const tickCount = async (): Promise<number> => (await sql`select 1 from mail.effects where what = 'tick'`).length;

/** Waits until the schedule's job has run twice more. */
async function ticks(): Promise<boolean> {
  const before = await tickCount();
  return eventually("the schedule ticks", async () => (await tickCount()) > before + 1 || undefined);
}

async function troubles({ opsPort }: Running): Promise<readonly string[]> {
  const answer = (await (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).json()) as { readonly reasons: string[]; readonly degraded: string[] };
  return [...answer.reasons.map((reason) => `not ready: ${reason}`), ...answer.degraded];
}

const isWell = (of: Running): Promise<boolean> => eventually("nothing is wrong", async () => (await troubles(of)).length === 0 || undefined);

async function metrics({ opsPort }: Running, name: string): Promise<readonly string[]> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(`${name}{`));
}

/** The status of a page of the dashboard. */
async function dashboard({ opsPort }: Running, page: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${opsPort}/ops/${page}`, { headers: { authorization: "Bearer admin" } })).status;
}

const boards = (of: Running): Promise<readonly number[]> => Promise.all(["work", "jobs/api/queues"].map((page) => dashboard(of, page)));

beforeAll(async () => {
  if (!hasRedis) return;
  redis = await startTestRedis();
  database = await createTestDatabase();
  proxy = await openSilentProxy(redis.url);
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  running = await start();
});
afterAll(async () => {
  if (!hasRedis) return;
  await kill(running);
  await sql.end({ timeout: 1 });
  proxy.close();
  await database.drop();
  await redis.stop();
});

describe.skipIf(!hasRedis)("a Redis that goes silent under a process", () => {
  test.each([
    ["what was held back goes on", "go on"],
    ["only new connections work", "stay silent"],
    ["the silent connections are cut", "are cut"],
  ] as const)("and answers again, and %s: each loop runs again by itself", { timeout: 400_000 }, async (_what, silentOnes: SilentOnes) => {
    await haveHappened(await placed(running, `before: ${silentOnes}`), EFFECTS);
    await ticks();
    await isWell(running);
    expect(await boards(running)).toEqual([200, 200]);

    proxy.silence();
    // Calls and workflows need no Redis, and continue. An operator sees that the queues wait, and that each process counts its rates by itself.
    const meanwhile = await placed(running, `meanwhile: ${silentOnes}`);
    await haveHappened(meanwhile, WITHOUT_QUEUES);
    await eventually("readiness says it", async () => {
      expect(await troubles(running)).toEqual([QUEUES_AWAY, RATES_AWAY]);
      return true;
    });
    expect(await metrics(running, "holon_degraded")).toEqual([
      'holon_degraded{part="database",name="sales"} 0',
      'holon_degraded{part="database",name="mail"} 0',
      'holon_degraded{part="work",name="sales"} 0',
      'holon_degraded{part="work",name="mail"} 0',
      'holon_degraded{part="queues",name="redis"} 1',
      'holon_degraded{part="rates",name="redis"} 1',
    ]);
    expect(await metrics(running, "holon_queue_jobs")).toEqual([]);
    expect(await boards(running)).toEqual([200, 503]);
    expect(await effectsOf(meanwhile)).toEqual(WITHOUT_QUEUES);

    const spokeAtMs = performance.now();
    const since = (): string => `${((performance.now() - spokeAtMs) / 1_000).toFixed(1)} s`;
    proxy.speak(silentOnes);
    await haveHappened(meanwhile, EFFECTS);
    const said = [`what waited is done after ${since()}`];
    await haveHappened(await placed(running, `after: ${silentOnes}`), EFFECTS);
    await ticks();
    said.push(`new events, jobs and the schedule after ${since()}`);
    await isWell(running);
    said.push(`readiness is whole after ${since()}`);
    expect(await metrics(running, "holon_queue_jobs")).not.toEqual([]);
    expect(await boards(running)).toEqual([200, 200]);
    // Acknowledgements that were lost meanwhile are sent again, so the producer settles its events.
    await eventually("no event waits", async () => {
      const rows = await metrics(running, "holon_outbox_rows");
      expect(rows.map((line) => line.endsWith(" 0"))).toEqual([true, true]);
      return true;
    });
    said.push(`no event is unacknowledged after ${since()}`);
    console.log(`silent connections ${silentOnes}: ${said.join(", ")}`);
    expect(running.child.exitCode).toBeNull();
  });

  test("does not delay the start of another process, which takes over the work when Redis answers", { timeout: 400_000 }, async () => {
    await isWell(running);
    proxy.silence();
    const other = await start();
    try {
      const id = await placed(other, "at another");
      await haveHappened(id, WITHOUT_QUEUES);
      await kill(running);
      await eventually("readiness says it", async () => (await troubles(other)).includes(QUEUES_AWAY) || undefined);
      proxy.speak("stay silent");
      await haveHappened(id, EFFECTS);
      await ticks();
      await isWell(other);
      expect(await boards(other)).toEqual([200, 200]);
    } finally {
      running = other;
    }
  });

  test("does not hold up the end of a process", { timeout: 400_000 }, async () => {
    await isWell(running);
    await placed(running, "at the end");
    proxy.silence();
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});
