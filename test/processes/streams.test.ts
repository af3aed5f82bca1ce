import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenedStream, openStream } from "../streams/open-stream.ts";
import { ask, eventually, type FixtureProcess, freePort, runFixture, tell } from "./fixture/run.ts";

/** A process of the fixture, and the port of its metrics. */
interface Hosted {
  readonly running: FixtureProcess;
  readonly opsPort: number;
}

const SECRET = "shared by the processes of this test only";
const STREAMS = 60;

let database: TestDatabase;
let processes: Record<"edge" | "sales" | "stock", Hosted>;
let edgePort: number;
const streams: OpenedStream[] = [];

/** Whether the edge reaches both contexts, and sales reaches stock. */
async function reached(): Promise<true | undefined> {
  const sold = await tell(edgePort, "sales.sell", { name: "tea" });
  return sold.status === 200 && (await ask(edgePort, "stock.taken", { name: "tea" })) !== undefined ? true : undefined;
}

beforeEach(async () => {
  database = await createTestDatabase();
  const [salesPort, stockPort] = [await freePort(), await freePort()];
  edgePort = await freePort();
  const addresses = { HOLON_SALES_URL: `mesh://127.0.0.1:${salesPort}`, HOLON_STOCK_URL: `mesh://127.0.0.1:${stockPort}` };
  // The other processes notice a frozen process because it is silent. With these limits they notice it soon, so that the test does not wait long.
  const silence = { HOLON_LIMIT_MESH_PING_MS: "200", HOLON_LIMIT_MESH_SILENCE_MS: "1000" };
  const host = async (env: Record<string, string>): Promise<Hosted> => {
    const opsPort = await freePort();
    return {
      running: runFixture({ DATABASE_URL: database.url, HOLON_SECRET: SECRET, ...silence, ...env, HOLON_OPS_PORT: String(opsPort) }),
      opsPort,
    };
  };
  const { HOLON_SALES_URL, HOLON_STOCK_URL } = addresses;
  processes = {
    stock: await host({ HOLON_CONTEXTS: "stock", HOLON_ROLES: "rpc", HOLON_MESH_PORT: String(stockPort), HOLON_SALES_URL }),
    sales: await host({ HOLON_CONTEXTS: "sales", HOLON_ROLES: "rpc", HOLON_MESH_PORT: String(salesPort), HOLON_STOCK_URL }),
    edge: await host({ HOLON_CONTEXTS: "none", HOLON_ROLES: "edge", PORT: String(edgePort), ...addresses }),
  };
  await eventually("stock answers, also by sales", reached).catch((cause: unknown) => {
    throw new Error(
      Object.values(processes)
        .map(({ running }) => running.output())
        .join("\n"),
      { cause },
    );
  });
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  for (const { running } of Object.values(processes)) running.child.kill("SIGKILL");
  await Promise.all(Object.values(processes).map(({ running }) => running.ended));
  await database.drop();
});

/** The gauge of a context, as its process reports it. */
async function runningStreams(context: "sales" | "stock"): Promise<number | undefined> {
  const metrics = await (await fetch(`http://127.0.0.1:${processes[context].opsPort}/metrics`)).text();
  const value = new RegExp(`^holon_streams_running\\{context="${context}"\\} (\\d+)$`, "m").exec(metrics)?.[1];
  return value === undefined ? undefined : Number(value);
}

const streamsAre = (context: "sales" | "stock", count: number) =>
  eventually(`${context} has ${count} streams`, async () => (await runningStreams(context)) === count || undefined);

/** Opens streams of stock: some through the edge, and as many through sales. */
async function openAll(): Promise<readonly OpenedStream[]> {
  const opened = Array.from({ length: STREAMS }, (_, index) =>
    openStream(`http://127.0.0.1:${edgePort}`, index % 2 === 0 ? "stock.idle" : "sales.follow"),
  );
  streams.push(...opened);
  await eventually("all are open", () => opened.every((stream) => stream.text().includes('"pid"')) || undefined);
  await streamsAre("stock", STREAMS);
  await streamsAre("sales", STREAMS / 2);
  return opened;
}

const toldThatItIsAway = (opened: readonly OpenedStream[], count: number) =>
  eventually(`${count} clients are told`, () => opened.filter((stream) => stream.refusal() === "UNAVAILABLE").length === count || undefined);

async function stop(name: keyof typeof processes): Promise<number | string> {
  const { running } = processes[name];
  running.child.kill("SIGTERM");
  return running.ended;
}

describe("streams between processes give their places back", () => {
  test("when the edge is frozen, and when it is killed", async () => {
    await openAll();
    const { child } = processes.edge.running;
    child.kill("SIGSTOP");
    await streamsAre("stock", 0);
    await streamsAre("sales", 0);
    child.kill("SIGCONT");
    await eventually("stock answers again, also by sales", reached);
    await openAll();
    child.kill("SIGKILL");
    await streamsAre("stock", 0);
    await streamsAre("sales", 0);
  });

  test("when the calling process is killed, and the remaining ones do not prevent a process from stopping", async () => {
    const opened = await openAll();
    processes.sales.running.child.kill("SIGKILL");
    await streamsAre("stock", STREAMS / 2);
    await toldThatItIsAway(opened, STREAMS / 2);
    expect(await stop("stock")).toBe(0);
    await toldThatItIsAway(opened, STREAMS);
  });

  test("when the called process is killed, and when the edge is stopped", async () => {
    const opened = await openAll();
    processes.stock.running.child.kill("SIGKILL");
    await streamsAre("sales", 0);
    await toldThatItIsAway(opened, STREAMS);
    expect(await stop("edge")).toBe(0);
    expect(await stop("sales")).toBe(0);
  });
});
