import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createTestDatabase, type TestDatabase } from "holon/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, eventually, type FixtureProcess, freePort, runFixture } from "./fixture/run.ts";

/** A proxy to Postgres that can cut each connection while the driver reads the array types, which it does at the start of a connection. */
class CuttingProxy {
  cutCount = 0;
  isCutting = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(target: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
      }
      upstream.pipe(client);
      upstream.on("close", () => client.destroy());
      client.on("data", (bytes: Buffer) => {
        if (!this.isCutting || !bytes.includes("typarray")) return upstream.write(bytes);
        this.cutCount++;
        upstream.destroy();
        // A process that ends resets a connection if it has not read all of it, and closes it otherwise.
        return this.cutCount % 2 === 1 ? client.resetAndDestroy() : client.destroy();
      });
    });
  }

  async open(): Promise<number> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.dropAll();
  }
}

let database: TestDatabase;
let proxy: CuttingProxy;
let running: FixtureProcess;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  running.child.kill("SIGKILL");
  await running.ended;
  proxy.close();
  await database.drop();
});

test("a process goes on when Postgres goes away while its connections begin", async () => {
  const url = new URL(database.url);
  proxy = new CuttingProxy(new URL(url));
  url.port = String(await proxy.open());
  const port = await freePort();
  running = runFixture({ PORT: String(port), DATABASE_URL: url.href });
  const isAnswered = () => ask(port, "stock.taken", { name: "tea" });
  await eventually("it answers", isAnswered);
  proxy.isCutting = true;
  proxy.dropAll();
  await eventually("connections are cut as they begin", async () => {
    await Promise.all(Array.from({ length: 5 }, isAnswered));
    return proxy.cutCount >= 5 || running.child.exitCode !== null || undefined;
  });
  proxy.isCutting = false;
  expect(running.child.exitCode, running.output().slice(-2_000)).toBeNull();
  const again = await Promise.race([eventually("it answers again", isAnswered), running.ended]);
  expect(again, running.output().slice(-3_000)).toMatchObject({ taken: 0 });
  expect(running.output()).not.toContain("the process ends");
});
