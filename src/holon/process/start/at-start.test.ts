import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, query } from "../../contract/index.ts";
import { defineContext } from "../../define/define-context.ts";
import type { StartHandler } from "../../define/handlers.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { silentLogger } from "../../kernel/log.ts";
import { type App, defineApp, shapeOf } from "../app/define-app.ts";
import type { Plan } from "../plan/plan.ts";
import { readPlan } from "../plan/read-plan.ts";
import { type RunningProcess, serveJobAlone, startProcess } from "./start-process.ts";

const greet = contract("greet", { procedures: { hello: query({ access: "public", output: z.string() }) } });

/** An app with one context, which has a start handler. */
function appThat(atStart: StartHandler<never>): App {
  const context = defineContext(greet);
  const module = context.implement({ procedures: context.procedures({ hello: async () => "hello" }), atStart: atStart as never });
  return defineApp({ name: "polite", contexts: [module] });
}

const planOf = (app: App): Plan => readPlan(shapeOf(app), { PORT: "0", HOLON_OPS_PORT: "0" });

let running: RunningProcess | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(app: App, clock: Clock = systemClock): Promise<RunningProcess> {
  running = await startProcess({ app, plan: planOf(app), log: silentLogger, clock });
  return running;
}

describe("what a context does at start", () => {
  it("is done before the process is there, on its own account, within a minute", async () => {
    const seen: unknown[] = [];
    await start(
      appThat(async ({ ctx }: { ctx: { readonly principal?: unknown; readonly remainingMs: number } }) => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(ctx.principal, ctx.remainingMs > 50_000 && ctx.remainingMs <= 60_000);
      }),
    );
    expect(seen).toEqual([{ kind: "system", context: "greet", task: "start" }, true]);
  });

  it.each([
    ["an error", () => Promise.reject(new RangeError("no seed"))],
    [
      "at once",
      () => {
        throw new RangeError("no seed");
      },
    ],
    ["something that is no error", () => Promise.reject(null)],
    [
      "what throws when it is looked at",
      () =>
        Promise.reject(
          new Proxy(
            {},
            {
              get: () => {
                throw new Error("get");
              },
              getPrototypeOf: () => {
                throw new Error("proto");
              },
            },
          ),
        ),
    ],
  ])("ends the start with the name of the context where it throws %s", async (_, fails) => {
    await expect(start(appThat(fails as never))).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("context greet failed"),
    });
  });

  it("ends the start after a minute if it does not end by itself", async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const starting = start(
      appThat(() => {
        aheadMs = 61_000;
        return new Promise(() => {});
      }),
      clock,
    );
    await expect(starting).rejects.toMatchObject({ cause: { code: "DEADLINE_EXCEEDED" } });
  });

  it("is not done by a child that runs one job alone: its parent has done it", async () => {
    let starts = 0;
    const app = appThat(async () => void starts++);
    const channel = { connected: false, on() {}, exit() {} };
    await serveJobAlone({ app, plan: planOf(app), log: silentLogger }, channel);
    expect(starts).toBe(0);
    await start(app);
    expect(starts).toBe(1);
  });
});
