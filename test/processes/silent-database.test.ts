import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase } from "holon/testing";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSilentProxy, type SilentOnes, type SilentProxy } from "../../src/holon/data/silent-proxy.testing.ts";
import { eventually, type FixtureProcess, freePort, runProgram, tell } from "./fixture/run.ts";
import { EFFECTS } from "./silence/app.ts";

const MAIN = fileURLToPath(new URL("./silence/main.ts", import.meta.url));

let database: TestDatabase;
let proxy: SilentProxy;
let running: FixtureProcess;
let sql: Sql;
let port: number;
let opsPort: number;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await openSilentProxy(database.url);
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
  [port, opsPort] = [await freePort(), await freePort()];
  running = runProgram(MAIN, ["start"], { PORT: String(port), HOLON_OPS_PORT: String(opsPort), HOLON_MESH_PORT: "0", DATABASE_URL: proxy.url });
});
afterAll(async () => {
  running.child.kill("SIGKILL");
  await running.ended;
  await sql.end({ timeout: 1 });
  proxy.close();
  await database.drop();
});

/** Places orders, a new one at each attempt, until one is accepted. Shape: the id of the accepted order. */
const placed = (name: string): Promise<string> => {
  let attempt = 0;
  return eventually(`an order is taken ${name}`, async () => {
    const id = `${name} ${++attempt}`;
    const { status } = await tell(port, "sales.place", { id });
    return status === 200 ? id : undefined;
  });
};

const haveHappened = (id: string): Promise<boolean> =>
  eventually(`all that follows from ${id} happens`, async () => {
    const rows = await sql<{ what: string }[]>`
      select 'sales: ' || what as what from sales.effects where id = ${id} union all select 'mail: ' || what from mail.effects where id = ${id} order by 1`;
    return [...rows].map(({ what }) => what).join() === EFFECTS.join() || undefined;
  });

async function troubles(): Promise<readonly string[]> {
  const answer = (await (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).json()) as { readonly reasons: string[]; readonly degraded: string[] };
  return [...answer.reasons, ...answer.degraded];
}

const gauge = async (): Promise<readonly string[]> =>
  (await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()).split("\n").filter((line) => line.startsWith("holon_degraded{"));

test.each([
  ["what was held back goes on", "go on"],
  ["only new connections work", "stay silent"],
] as const)(
  "a Postgres goes silent and answers again, and %s: each loop runs again by itself",
  { timeout: 400_000 },
  async (_what, silentOnes: SilentOnes) => {
    await haveHappened(await placed(`before: ${silentOnes}`));
    await eventually("nothing is wrong", async () => (await troubles()).length === 0 || undefined);

    proxy.silence();
    // An operator sees which database does not answer, and which tasks of each context fail.
    const named = await eventually("readiness says it", async () => {
      const all = await troubles();
      const isSaid = ["sales", "mail"].every(
        (name) =>
          all.some((text) => text === `the database of ${name} does not answer`) &&
          // Another loop, which uses the pool, must be named too; the connection that listens to other processes is named first.
          all.some((text) => new RegExp(`^background work of ${name} fails \\((?:(?!hearing)|.*; )`).test(text)),
      );
      return isSaid ? all : undefined;
    });
    const degraded = await gauge();
    for (const part of ["database", "work"]) {
      for (const name of ["sales", "mail"]) expect(degraded).toContain(`holon_degraded{part="${part}",name="${name}"} 1`);
    }

    const spokeAtMs = performance.now();
    const since = (): string => `${((performance.now() - spokeAtMs) / 1_000).toFixed(1)} s`;
    proxy.speak(silentOnes);
    const id = await placed(`after: ${silentOnes}`);
    const said = [`a call is answered after ${since()}`];
    await haveHappened(id);
    said.push(`its event, job and workflow are done after ${since()}`);
    await eventually("nothing is wrong any more", async () => (await troubles()).length === 0 || undefined);
    said.push(`readiness is whole after ${since()}`);
    console.log(`silent connections ${silentOnes}: ${said.join(", ")}\n  while it was silent: ${named.join("; ")}`);
    expect(running.child.exitCode).toBeNull();
  },
);

test("a Postgres that answers all but LISTEN is named in readiness, and LISTEN works again by itself", { timeout: 400_000 }, async () => {
  await eventually("nothing is wrong", async () => (await troubles()).length === 0 || undefined);
  proxy.silenceAt('listen "');
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holon listen' and datname = current_database()`;
  await eventually("readiness says it", async () => {
    const said = (await troubles()).map((text) => text.replace(/, for .*/, ""));
    expect(said.sort()).toEqual([
      "background work of mail fails (notifications of other processes",
      "background work of sales fails (notifications of other processes",
    ]);
    return true;
  });
  // Meanwhile the process polls for what other processes would notify it of.
  await haveHappened(await placed("unheard"));
  proxy.silenceAt(undefined);
  await eventually("nothing is wrong any more", async () => (await troubles()).length === 0 || undefined);
});
