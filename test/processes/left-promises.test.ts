import { afterEach, describe, expect, test } from "vitest";
import { ask, eventually, type FixtureProcess, freePort, runFixture } from "./fixture/run.ts";

const started: FixtureProcess[] = [];

afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

interface Started {
  readonly running: FixtureProcess;
  readonly port: number;
  /** Waits for log lines that contain a text. */
  lines(text: string, count: number): Promise<readonly Record<string, unknown>[]>;
}

async function start(env: Record<string, string>): Promise<Started> {
  const port = await freePort();
  const running = runFixture({ PORT: String(port), HOLON_MESH_PORT: "0", HOLON_OPS_PORT: "0", ...env });
  started.push(running);
  await eventually("the fixture answers", () => ask(port, "stock.taken", { name: "tea" }));
  return {
    running,
    port,
    lines: (text, count) =>
      eventually(`${count} lines of the log say: ${text}`, () => {
        const found = running
          .output()
          .split("\n")
          .filter((line) => line.startsWith("{") && line.includes(text));
        return found.length >= count ? found.map((line) => JSON.parse(line) as Record<string, unknown>) : undefined;
      }),
  };
}

const traceId = expect.stringMatching(/^[0-9a-f]{32}$/);

/** The variables with which the fixture runs in production without a shared secret. */
const PRODUCTION = { NODE_ENV: "production", HOLON_ALLOW_EMBEDDED_DATABASE: "yes", HOLON_ROLES: "edge,jobs" };

describe("a rejected promise that a handler leaves behind", () => {
  test("is logged with its handler and ends nothing if Holon has handed it out, or it was made of one", async () => {
    const { running, port, lines } = await start({});
    const kinds = ["transaction", "derived", "null", "payload"];
    for (const what of kinds) expect(await ask(port, "stock.leave", { what })).toEqual({ left: true });
    const left = await lines("a call or a transaction failed and nothing waits for its answer", kinds.length);
    expect(left.map((line) => [line["level"], line["handler"], line["traceId"]])).toEqual(kinds.map(() => ["warn", "stock.leave", traceId]));
    expect([running.child.exitCode, await ask(port, "stock.taken", { name: "tea" })]).toMatchObject([null, { taken: 0 }]);
  });

  test("ends a process in development, which says which handler left it", async () => {
    const { running, port } = await start({});
    await ask(port, "stock.leave", { what: "own" });
    expect(await running.ended).toBe(1);
    const line = running
      .output()
      .split("\n")
      .find((text) => text.includes("the process ends"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ level: "error", procedure: "stock.leave", traceId });
  });

  test.each([
    ["log", undefined, undefined],
    ["trace", "stock.leave", "stock (job leave)"],
  ])("is logged in production and ends nothing, by HOLON_ON_UNHANDLED=%s", async (setting, procedure, job) => {
    const { running, port, lines } = await start({ ...PRODUCTION, ...(setting === "log" ? {} : { HOLON_ON_UNHANDLED: setting }) });
    await ask(port, "stock.leave", { what: "own" });
    const [call] = await lines("as HOLON_ON_UNHANDLED says", 1);
    expect([call?.["level"], call?.["procedure"], call?.["err"]]).toMatchObject(["error", procedure, { message: "the app's own" }]);
    await ask(port, "stock.leave", { what: "job" });
    const [, work] = await lines("as HOLON_ON_UNHANDLED says", 2);
    expect([work?.["level"], work?.["procedure"]]).toEqual(["error", job]);
    expect([running.child.exitCode, await ask(port, "stock.taken", { name: "tea" })]).toMatchObject([null, { taken: 0 }]);
  });
});
