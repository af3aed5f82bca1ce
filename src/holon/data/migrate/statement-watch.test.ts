import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { until } from "../child.testing.ts";
import { useTestDatabase } from "../database.testing.ts";
import { OwnerConnection } from "./owner-connection.ts";
import { StatementWatch } from "./statement-watch.ts";

const place = useTestDatabase();
const STATEMENT = { context: "orders", migration: "0001_slow", statement: 1 };

/** A gate before the server that can hold new connections: it accepts them, but forwards nothing until the test opens it. */
let gate: Server;
let held: Socket[];
let isHolding: boolean;
let acceptedCount: number;
let openCount: number;
let connection: OwnerConnection;
let watch: StatementWatch;

beforeEach(async () => {
  [held, isHolding, acceptedCount, openCount] = [[], false, 0, 0];
  gate = createServer((client) => {
    acceptedCount++;
    openCount++;
    client.on("error", () => {});
    client.on("close", () => openCount--);
    if (isHolding) held.push(client);
    else pass(client);
  });
  await once(gate.listen(0, "127.0.0.1"), "listening");
  const url = new URL(place.database.url);
  url.port = String((gate.address() as AddressInfo).port);
  connection = await OwnerConnection.open(url.href);
  watch = await StatementWatch.open({ connection, clock: systemClock, log: silentLogger });
});

afterEach(async () => {
  letThrough();
  await watch.close();
  await connection.close();
  gate.close();
});

function pass(client: Socket): void {
  const { port, hostname } = new URL(place.database.url);
  const server = connect(Number(port), hostname);
  client.pipe(server).pipe(client);
  server.on("error", () => client.destroy());
}

function letThrough(): void {
  isHolding = false;
  for (const client of held.splice(0)) pass(client);
}

describe("the watch over a statement", () => {
  it("closes the second connection also if it was still being opened", async () => {
    isHolding = true;
    const running = watch.run(STATEMENT, "select pg_sleep(1)");
    await until(() => held.length > 0);
    await running;
    const closing = watch.close();
    letThrough();
    await closing;
    await until(() => openCount === 1);
  });

  it("opens one second connection, however long that takes", async () => {
    isHolding = true;
    for (const statement of [1, 2]) await watch.run({ ...STATEMENT, statement }, "select pg_sleep(0.7)");
    expect(acceptedCount).toBe(2);
    letThrough();
    await watch.run({ ...STATEMENT, statement: 3 }, "select pg_sleep(0.7)");
    expect(acceptedCount).toBe(2);
  });

  it("does not give a statement up if the server does not track what its sessions do", async () => {
    await connection.run("set track_activities = off");
    // Three checks take less time than this.
    await watch.run(STATEMENT, "select pg_sleep(5)");
    expect(acceptedCount).toBe(2);
  });
});
