import { randomUUID } from "node:crypto";
import { type CallOptions, createLogger, type Logger } from "holon";
import { type TestApp, testApp } from "holon/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ODD_VALUES } from "../../src/holon/observe/odd-values.testing.ts";
import { THROWN_VALUES } from "../../src/holon/observe/thrown-values.testing.ts";
import { codeOf, contracts, createThrowingApp, type Deeds } from "./app.ts";
import { ODD_STREAMS } from "./odd-streams.ts";

/** `ctx` without its types. */
interface Context {
  readonly call: { readonly thrower?: { ask(): Promise<unknown> } };
  readonly signal: AbortSignal;
  readonly log: Logger;
  fail(code: string, details: unknown): Error;
  transaction(run: (tx: Tx) => Promise<unknown>): Promise<unknown>;
}
interface Tx {
  emit(name: string, payload: unknown): Promise<void>;
  enqueue(name: string, data: unknown, options?: object): Promise<void>;
}

/** Principals that throw when they are read. */
const ODD_PRINCIPALS = ["kind", "id", "roles"].map((member) => () => {
  const read = (): never => {
    throw new TypeError("a getter throws");
  };
  return Object.defineProperty({ kind: "user", id: "ada", roles: [] }, member, { get: read });
});
type Call = (app: TestApp<typeof contracts>) => Promise<unknown>;

const idle: Deeds = { run: () => ({ n: 1 }), items: () => [], who: () => ({ kind: "anonymous" }) };
const deeds: Deeds = { ...idle };
const lines: string[] = [];
const log = createLogger({ name: "thrown", level: "info", destination: { write: (line) => void lines.push(line) } });

/** Errors that were not caught and reached the process. */
const reached: unknown[] = [];
const note = (error: unknown): void => void reached.push(error);
beforeAll(() => void process.on("unhandledRejection", note).on("uncaughtException", note));
afterAll(() => void process.off("unhandledRejection", note).off("uncaughtException", note));

const keyed = (): CallOptions => ({ key: randomUUID() });
const CALLS: Record<string, Call> = {
  "a query": (app) => app.asAnonymous().call.thrower.ask(),
  "a mutation": (app) => app.asAnonymous().call.thrower.tell(),
  "an idempotent mutation": (app) => app.asAnonymous().call.thrower.keep(undefined, keyed()),
  "an outside effect": (app) => app.asAnonymous().call.thrower.charge(undefined, keyed()),
  "a rule": (app) => app.asAnonymous().call.thrower.ruled(),
  "a rule on an answer": (app) => app.asAnonymous().call.thrower.judged(),
  "a handler with errors of its own": (app) => app.asAnonymous().call.thrower.declared(),
};

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "an answer",
    (error: unknown) => error,
  );

describe.each(["together", "wire", "apart"] as const)("%s", (topology) => {
  let app: TestApp<typeof contracts>;
  beforeAll(async () => {
    app = await testApp(createThrowingApp(deeds), { contracts, topology, faults: false, log });
  });
  afterAll(() => app?.close());
  afterEach(async () => {
    Object.assign(deeds, idle);
    lines.splice(0);
    expect(await app.asAnonymous().call.thrower.ping()).toEqual({ n: 1 });
    // Unhandled rejections reach the process only after its promises were processed, so the test waits for one turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    expect(reached.splice(0)).toEqual([]);
  });

  const get = async (path: string) => {
    const answer = await fetch(`${app.url}${path}`);
    const body = await answer.text();
    expect(() => JSON.parse(body), body).not.toThrow();
    return { status: answer.status, body };
  };

  describe.each(Object.entries(CALLS))("%s", (_kind, call) => {
    test.each(THROWN_VALUES)("that throws %s ends its own call", async (name, thrown) => {
      deeds.run = () => {
        throw thrown;
      };
      expect(await failure(call(app))).toMatchObject({ code: codeOf(name) });
      deeds.run = () => Promise.reject(thrown);
      expect(await failure(call(app))).toMatchObject({ code: codeOf(name) });
    });
  });

  test.each(THROWN_VALUES)("a handler that calls one that throws %s ends its own call", async (name, thrown) => {
    deeds.run = (ctx: Context) => {
      if (ctx.call.thrower !== undefined) return ctx.call.thrower.ask();
      throw thrown;
    };
    expect(await failure(app.asAnonymous().call.asker.ask())).toMatchObject({ code: codeOf(name) });
  });

  test.each(ODD_VALUES)("an answer, an item, an input and details that are %s end their own call", async (name, odd) => {
    deeds.run = odd;
    expect(await failure(app.asAnonymous().call.thrower.ask())).toMatchObject({ code: "INTERNAL" });
    expect(await failure(app.asAnonymous().call.thrower.keep(undefined, keyed()))).toMatchObject({ code: "INTERNAL" });
    const taken = await failure(app.asAnonymous().call.thrower.take(odd() as never));
    // A value without JSON, such as a symbol, is not sent as input.
    expect(typeof odd() === "symbol" ? { code: taken } : taken).toMatchObject({ code: expect.stringMatching(/INTERNAL|BAD_REQUEST|an answer/) });
    deeds.run = (ctx: Context) => {
      throw ctx.fail("SOLD_OUT", odd());
    };
    expect(await failure(app.asAnonymous().call.thrower.declared()), name).toMatchObject({ code: "INTERNAL" });
  });

  test.each(ODD_VALUES)("a payload, the data of a job, and a principal that are %s end their own call", async (_name, odd) => {
    const inside = (work: (tx: Tx) => Promise<unknown>) => (ctx: Context) => ctx.transaction(work).then(() => ({ n: 1 }));
    for (const work of [
      (tx: Tx) => tx.emit("happened", odd()),
      (tx: Tx) => tx.enqueue("send", odd()),
      (tx: Tx) => tx.enqueue("send", { n: 1 }, { delayMs: odd() }),
    ]) {
      deeds.run = inside(work);
      expect(await failure(app.asAnonymous().call.thrower.ask())).toMatchObject({ code: expect.stringMatching(/INTERNAL|BAD_REQUEST/) });
    }
    deeds.run = idle.run;
    for (const answer of [
      odd,
      async () => odd(),
      ...ODD_PRINCIPALS,
      ...ODD_PRINCIPALS.map((made) => async () => made()),
      () => ({ kind: "user", id: odd(), roles: [odd()] }),
    ]) {
      deeds.who = answer;
      expect((await get("/trpc/thrower.ask")).status).toBeGreaterThanOrEqual(400);
    }
  });

  test.each(THROWN_VALUES)("authenticate and routes that throw %s end their own request", async (_name, thrown) => {
    deeds.run = () => thrown;
    expect((await get("/own/sync")).status).toBeGreaterThanOrEqual(400);
    deeds.run = () => Promise.reject(thrown);
    expect((await get("/own/async")).status).toBeGreaterThanOrEqual(400);
    deeds.run = idle.run;
    for (const throwing of [
      () => Promise.reject(thrown),
      () => {
        throw thrown;
      },
    ]) {
      deeds.who = throwing;
      expect((await get("/trpc/thrower.ask")).status).toBeGreaterThanOrEqual(400);
    }
  });

  test.each(ODD_STREAMS)("a subscription whose handler answers %s ends with its error", async (_name, make, code) => {
    deeds.items = make;
    const ended = async (): Promise<unknown> => {
      for await (const item of app.asAnonymous().call.thrower.items()) expect(item).toEqual({ n: 1 });
      return "over";
    };
    expect(await failure(ended())).toMatchObject({ code });
    const text = await (await fetch(`${app.url}/trpc/thrower.items`, { headers: { accept: "text/event-stream" } })).text();
    expect(text).toContain(code);
  });

  test.each(ODD_STREAMS)("a subscription whose handler answers %s can be left by its reader", async (_name, make) => {
    deeds.items = make;
    const items = app.asAnonymous().call.thrower.items()[Symbol.asyncIterator]();
    await failure(items.next());
    expect(await items.return?.()).toEqual({ done: true, value: undefined });
  });

  test.each([...THROWN_VALUES, ...ODD_VALUES.map(([name, odd]) => [name, odd()] as const)])("a log line may have %s", async (_name, value) => {
    deeds.run = ({ log: line }: Context) => {
      line.info(value as object, "bare");
      line.warn({ value, err: value }, "as a member");
      line.child({ value }).error({}, "of a child");
      line.child(value as object).error({}, "of a bare child");
      line.info({}, value as string);
      return { n: 1 };
    };
    expect(await app.asAnonymous().call.thrower.ask()).toEqual({ n: 1 });
    const messages = lines.map((line) => JSON.parse(line).msg as unknown);
    for (const message of ["bare", "as a member", "of a child", "of a bare child"]) expect(messages).toContain(message);
  });

  test.each(THROWN_VALUES)("listeners of a signal that throw %s end nothing", async (_name, thrown) => {
    let told = 0;
    let isListening = false;
    deeds.run = async ({ signal }: Context) => {
      const throwing = (): never => {
        told++;
        throw thrown;
      };
      signal.addEventListener("abort", throwing);
      signal.addEventListener("abort", { handleEvent: throwing });
      signal.addEventListener("abort", async () => throwing());
      signal.onabort = throwing;
      isListening = true;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { n: 1 };
    };
    const controller = new AbortController();
    const answer = failure(app.asAnonymous().call.thrower.ask(undefined, { signal: controller.signal }));
    await expect.poll(() => isListening).toBe(true);
    controller.abort();
    expect(await answer).toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => told).toBe(4);
  });
});
