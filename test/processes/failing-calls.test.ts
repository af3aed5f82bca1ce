import { afterEach, expect, test } from "vitest";
import { ask, eventually, type FixtureProcess, freePort, runFixture, tell } from "./fixture/run.ts";

const started: FixtureProcess[] = [];

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

/** One process, or the edge and a process for each context. */
async function start(
  command: "start" | "apart",
  more: Record<string, string> = {},
): Promise<{ readonly running: FixtureProcess; readonly url: string; readonly port: number }> {
  const port = await freePort();
  const env = { PORT: String(port), HOLON_MESH_PORT: String(await freePort()), HOLON_OPS_PORT: String(await freePort()), ...more };
  const running = runFixture(env, command);
  started.push(running);
  await eventually("the fixture answers", () => ask(port, "stock.taken", { name: "tea" }));
  await eventually("sales reaches stock", async () => (await tell(port, "sales.sell", { name: "salt" })).status === 200 || undefined);
  return { running, port, url: `http://127.0.0.1:${port}/trpc` };
}

test.each(["start", "apart"] as const)(
  "the app goes on, by the command %s, when two calls of a handler fail, when a failed call is left behind, and when a schema throws on an answer or an item",
  async (command) => {
    const { running, url, port } = await start(command);
    const failedTwice = await fetch(`${url}/sales.failTwice`);
    expect([failedTwice.status, JSON.stringify(await failedTwice.json())]).toEqual([404, expect.stringContaining("NOT_FOUND")]);

    const leftBehind = await fetch(`${url}/sales.leaveBehind`);
    expect([leftBehind.status, await leftBehind.json()]).toEqual([200, { result: { data: { sold: true } } }]);
    const line = await eventually("the call left behind is logged with its procedure", () =>
      running
        .output()
        .split("\n")
        .find((text) => text.includes("nothing waits for its answer")),
    );
    expect(JSON.parse(line)).toMatchObject({ level: "warn", procedure: "stock.fail", traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });

    const oddAnswer = await fetch(`${url}/sales.oddAnswer`);
    expect([oddAnswer.status, JSON.stringify(await oddAnswer.json())]).toEqual([500, expect.stringContaining("INTERNAL")]);
    const oddItem = await (await fetch(`${url}/sales.oddItem`, { headers: { accept: "text/event-stream" } })).text();
    expect(oddItem).toContain("INTERNAL");

    expect(running.child.exitCode).toBeNull();
    expect(running.output()).not.toContain("the process ends");
    expect(await ask(port, "stock.taken", { name: "tea" })).toMatchObject({ taken: 0 });
  },
);

test("a rejected promise of the app's own ends the process with a line in the log, as Node does", async () => {
  const { running, url } = await start("start");
  await fetch(`${url}/sales.leaveOwn`).catch(() => {});
  expect(await running.ended).toBe(1);
  expect(running.output()).toMatch(/"message":"left by the app".*the process ends: a promise of the app was rejected/);
});

test("with HOLON_ON_UNHANDLED=log a rejected promise of the app's own is logged with its stack and the process goes on; an exception ends it", async () => {
  const { running, url, port } = await start("start", { HOLON_ON_UNHANDLED: "log" });
  for (let count = 1; count <= 3; count++) expect((await fetch(`${url}/sales.leaveOwn`)).status).toBe(200);
  const line = await eventually("the promise is logged", () =>
    running
      .output()
      .split("\n")
      .find((text) => text.includes("as HOLON_ON_UNHANDLED says")),
  );
  expect(JSON.parse(line)).toMatchObject({
    level: "error",
    err: { type: "TypeError", message: "left by the app", stack: expect.stringContaining("leaveOwn") },
  });
  expect(await ask(port, "stock.taken", { name: "tea" })).toMatchObject({ taken: 0 });
  await fetch(`${url}/sales.crash`).catch(() => {});
  expect(await running.ended).toBe(1);
  expect(running.output()).toContain("thrown by a timer of the app");
});

test("the app goes on when a transaction that nothing waits for fails", async () => {
  const { running, url, port } = await start("start");
  await fetch(`${url}/stock.leaveTransaction`);
  const line = await eventually("the transaction is logged", () =>
    running
      .output()
      .split("\n")
      .find((text) => text.includes("thrown in a transaction") && text.includes("nothing waits for its answer")),
  );
  expect(JSON.parse(line)).toMatchObject({ level: "warn", procedure: "stock (transaction)", traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(await ask(port, "stock.taken", { name: "tea" })).toMatchObject({ taken: 0 });
  expect(running.child.exitCode).toBeNull();
});
