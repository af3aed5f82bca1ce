import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FaultProcess } from "../faults/harness/fault-process.ts";
import { MutingProxy } from "../faults/harness/muting-proxy.ts";
import { faultProgram } from "../faults/harness/program.ts";
import { eventually, type FixtureProcess, freePort, runFixture, tell } from "./fixture/run.ts";

/** The answer of `/readyz`. */
interface Readyz {
  readonly status: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly degraded: readonly string[];
}

const READY: Readyz = { status: 200, ready: true, reasons: [], degraded: [] };

async function readyz(port: number): Promise<Readyz> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: answer.status, ...((await answer.json()) as Omit<Readyz, "status">) };
}

/** Polls `/readyz` until it answers as expected. Shape: each different answer on the way. */
async function readyzUntil(port: number, isExpected: (seen: Readyz) => boolean): Promise<readonly Readyz[]> {
  const all: Readyz[] = [];
  await eventually("/readyz answers as expected", async () => {
    const seen = await readyz(port);
    if (JSON.stringify(seen) !== JSON.stringify(all.at(-1))) all.push(seen);
    return isExpected(seen) || undefined;
  }).catch((cause: unknown) => {
    throw new Error(`/readyz answered only: ${JSON.stringify(all)}`, { cause });
  });
  return all;
}

const isWhole = ({ ready, degraded }: Readyz): boolean => ready && degraded.length === 0;
const names =
  (text: string) =>
  ({ reasons, degraded }: Readyz): boolean =>
    [...reasons, ...degraded].some((said) => said.includes(text));

/** Removes the background work that waits for a silent database, because it varies which work is running at that moment. */
function withoutWork(seen: Readyz | undefined): Partial<Readyz> {
  return { ...seen, degraded: (seen?.degraded ?? []).filter((said) => !said.startsWith("background work of ")) };
}

async function gauge(port: number): Promise<readonly string[]> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith("holon_degraded{"));
}

describe("an edge and sales in processes of their own", () => {
  const started: FixtureProcess[] = [];
  const ports = { public: 0, edge: 0, sales: 0, stock: 0, salesMesh: 0, stockMesh: 0 };
  let database: TestDatabase;
  let stock: FixtureProcess;

  const run = (env: Record<string, string>): FixtureProcess => {
    const running = runFixture({
      HOLON_SECRET: "a secret of the readiness tests, long enough",
      HOLON_LIMIT_MESH_PING_MS: "200",
      HOLON_LIMIT_MESH_SILENCE_MS: "1000",
      ...env,
    });
    started.push(running);
    return running;
  };
  const startStock = (): void => {
    stock = run({
      ...{ HOLON_CONTEXTS: "stock", HOLON_ROLES: "rpc", DATABASE_URL: database.url },
      ...{ HOLON_MESH_PORT: String(ports.stockMesh), HOLON_OPS_PORT: String(ports.stock) },
    });
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const name of Object.keys(ports)) ports[name as keyof typeof ports] = await freePort();
    const [stockUrl, salesUrl] = [`mesh://127.0.0.1:${ports.stockMesh}`, `mesh://127.0.0.1:${ports.salesMesh}`];
    startStock();
    run({
      ...{ HOLON_CONTEXTS: "sales", HOLON_ROLES: "rpc", HOLON_STOCK_URL: stockUrl },
      ...{ HOLON_MESH_PORT: String(ports.salesMesh), HOLON_OPS_PORT: String(ports.sales) },
    });
    run({
      ...{ HOLON_CONTEXTS: "none", HOLON_ROLES: "edge", HOLON_SALES_URL: salesUrl, HOLON_STOCK_URL: stockUrl },
      ...{ PORT: String(ports.public), HOLON_OPS_PORT: String(ports.edge) },
    });
  });
  afterAll(async () => {
    for (const { child } of started) child.kill("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    await database.drop();
  });

  const allWhole = () => Promise.all([ports.public, ports.edge, ports.sales, ports.stock].map((port) => readyzUntil(port, isWhole)));
  /** Checks what load balancers see of the other processes while stock is down. Each stays ready, and names stock as the missing process. */
  const staysReady = async (): Promise<void> => {
    for (const port of [ports.public, ports.edge, ports.sales]) {
      const seen = await readyzUntil(port, names("stock"));
      expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 200));
      expect(seen.at(-1)).toEqual({ ...READY, degraded: [expect.stringMatching(/^stock is not connected: /)] });
    }
    expect(await gauge(ports.edge)).toEqual(['holon_degraded{part="peer",name="stock"} 1', 'holon_degraded{part="peer",name="sales"} 0']);
    expect(await gauge(ports.sales)).toEqual(['holon_degraded{part="peer",name="stock"} 1']);
    // A load balancer still sends calls to the edge, and those that do not need stock succeed.
    expect((await fetch(`http://127.0.0.1:${ports.public}/trpc/sales.leaveBehind`)).status).toBe(200);
    expect((await tell(ports.public, "sales.sell", { name: "tea" })).status).toBe(503);
  };

  test("stay ready while stock is killed, and name it until it is there again", async () => {
    await allWhole();
    stock.child.kill("SIGKILL");
    await stock.ended;
    await staysReady();
    startStock();
    await allWhole();
    expect(await gauge(ports.edge)).toEqual(['holon_degraded{part="peer",name="stock"} 0', 'holon_degraded{part="peer",name="sales"} 0']);
    expect((await tell(ports.public, "sales.sell", { name: "tea" })).status).toBe(200);
  });

  test("stay ready while stock is frozen, and name it until it goes on", async () => {
    await allWhole();
    stock.child.kill("SIGSTOP");
    await staysReady();
    stock.child.kill("SIGCONT");
    await allWhole();
  });
});

describe("a process with two contexts, each on a database of its own", () => {
  const databases: TestDatabase[] = [];
  const proxies: Record<string, MutingProxy> = {};
  let running: FaultProcess;
  let port: number;

  /** A database behind a proxy that can be silenced. */
  async function behindProxy(name: string): Promise<string> {
    const database = await createTestDatabase();
    databases.push(database);
    const url = new URL(database.url);
    proxies[name] = await MutingProxy.start(Number(url.port));
    url.port = String(proxies[name].port);
    return url.href;
  }

  beforeAll(async () => {
    port = await freePort();
    const queues = await createTestDatabase();
    databases.push(queues);
    running = FaultProcess.start("two", await faultProgram(), {
      ...{ FAULT_APP: "delivery", HOLON_CONTEXTS: "stock,mails", HOLON_ROLES: "rpc,jobs", HOLON_SECRET: "a secret, long enough to be one" },
      ...{ HOLON_OPS_PORT: String(port), HOLON_MESH_PORT: String(await freePort()), HOLON_QUEUE_DATABASE_URL: queues.url },
      ...{ HOLON_STOCK_DATABASE_URL: await behindProxy("stock"), HOLON_MAILS_DATABASE_URL: await behindProxy("mails") },
    });
    await running.ready();
  });
  afterEach(async () => {
    expect(running.deaths).toEqual([]);
  });
  afterAll(async () => {
    await running.close();
    await Promise.all(databases.map((database) => database.drop()));
  });

  test("is ready while one database is silent, and not ready while both are", async () => {
    await readyzUntil(port, isWhole);
    proxies["stock"]?.mute();
    const one = await readyzUntil(port, names("stock"));
    expect(withoutWork(one.at(-1))).toEqual({ ...READY, degraded: ["the database of stock does not answer"] });
    expect(await gauge(port)).toContain('holon_degraded{part="database",name="stock"} 1');
    expect(await gauge(port)).toContain('holon_degraded{part="database",name="mails"} 0');

    proxies["mails"]?.mute();
    const both = await readyzUntil(port, names("mails"));
    expect(withoutWork(both.at(-1))).toEqual({
      ...{ status: 503, ready: false, degraded: [] },
      reasons: ["the database of stock does not answer", "the database of mails does not answer"],
    });

    await proxies["stock"]?.cut();
    const again = await readyzUntil(port, ({ ready }) => ready);
    expect(withoutWork(again.at(-1))).toEqual({ ...READY, degraded: ["the database of mails does not answer"] });
    await proxies["mails"]?.cut();
    await readyzUntil(port, isWhole);
  });
});
