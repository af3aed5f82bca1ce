import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, mutation, query, type RateLimit, subscription } from "../../contract/index.ts";
import { openSilentProxy, type SilentOnes } from "../../data/silent-proxy.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { silentLogger } from "../../kernel/log.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { Timers } from "../../kernel/timers.ts";
import { startTestRedis, type TestRedis } from "../../work/queue/redis-server.testing.ts";
import type { AppRoutes } from "../app-routes/app-routes.ts";
import { type EdgeUnderTest, HandTarget, openEdge } from "../edge.testing.ts";
import type { EdgeRequest } from "../http/edge-request.ts";
import { get, post, type RawAnswer, send } from "../http.testing.ts";
import type { RateStore } from "./rate-counter.ts";
import { openRedisRateStore } from "./redis-rate-store.ts";

const timers = new Timers(() => systemClock.monotonicMs());
afterAll(() => timers.close());
const storeDeps = { clock: systemClock, timers, log: silentLogger };

/** For tests that wait until a silent connection is closed. */

/** `authorization: u1` is the user u1; `bad` is refused. */
function authenticate({ authorization }: EdgeRequest): Principal {
  if (authorization === "bad") throw catalogueError("UNAUTHORIZED", "not good");
  return authorization === undefined ? ANONYMOUS : { kind: "user", id: authorization, roles: [] };
}

const byEmail: RateLimit = { limit: 4, windowMs: 60_000, by: ["input.email"], skipSuccessful: true };
const byBoth: RateLimit = { limit: 2, windowMs: 60_000, by: ["address", "input.email"], skipSuccessful: true };

const once: RateLimit = { limit: 1, windowMs: 60_000, by: ["user"] };

const users = contract("users", {
  procedures: {
    signIn: mutation({
      access: "public",
      input: z.object({ email: z.string().trim().toLowerCase(), password: z.string() }),
      output: z.string(),
      rateLimits: [byBoth, byEmail],
      rest: "POST /sessions",
    }),
    report: query({ access: "public", output: z.string(), rateLimits: [once], rest: "GET /report" }),
    feed: subscription({ access: "public", output: z.int(), rateLimits: [once] }),
  },
});

/** Accepts one password, and the e-mail address in any spelling. With the password `away` it fails as an unreachable service does. */
function signIn({ password }: { password: string }): string {
  if (password === "away") throw catalogueError("OVERLOADED", "later");
  if (password !== "right") throw catalogueError("UNAUTHORIZED", "wrong");
  return "signed in";
}

const targets = () => [
  new HandTarget("users.signIn", users.procedures.signIn, signIn),
  new HandTarget("users.report", users.procedures.report, () => "report"),
  new HandTarget("users.feed", users.procedures.feed, async function* () {
    yield 1;
  }),
];

/** The app's own sign-in. */
const signInRoute: AppRoutes = (app, edge) => {
  app.post("/auth/sign-in", (request) => edge.callAnonymously("users.signIn", request.body, request));
};

const edges: EdgeUnderTest[] = [];
async function open(options: Parameters<typeof openEdge>[0] = {}): Promise<EdgeUnderTest> {
  const edge = await openEdge({ authenticate, more: targets(), restRoutes: users.routes, appRoutes: signInRoute, ...options });
  edges.push(edge);
  return edge;
}
afterAll(() => Promise.all(edges.map((edge) => edge.close())));

const ask = (url: string, headers: Record<string, string> = {}) => get(url, "catalog.nothing", undefined, headers);
const enter = (url: string, email: string, password: string, headers: Record<string, string> = {}) =>
  post(url, "users.signIn", JSON.stringify({ email, password }), headers);
const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status);
async function oneByOne(count: number, send: () => Promise<RawAnswer>): Promise<number[]> {
  const answers: RawAnswer[] = [];
  for (let index = 0; index < count; index++) answers.push(await send());
  return statuses(answers);
}

describe("calls of all procedures", () => {
  it("are limited by address if no user is signed in, and by user if one is", async () => {
    const { url } = await open({ limits: { addressRateCount: 3, userRateCount: 2 } });
    expect(await oneByOne(4, () => ask(url))).toEqual([200, 200, 200, 429]);
    expect(await oneByOne(3, () => ask(url, { authorization: "u1" }))).toEqual([200, 200, 429]);
    expect(await oneByOne(1, () => ask(url, { authorization: "u2" }))).toEqual([200]);
  });

  it("are refused with the time to wait, in header and details, before anything runs", async () => {
    const { url, targets } = await open({ limits: { addressRateCount: 1, rateWindowMs: 60_000 } });
    await ask(url);
    const { status, headers, json } = await ask(url);
    expect({ status, json }).toMatchObject({
      status: 429,
      json: { error: { code: -32029, data: { code: "TOO_MANY_REQUESTS", details: { retryAfterMs: expect.any(Number) } } } },
    });
    expect(headers["retry-after"]).toBe("60");
    expect(targets.get("catalog.nothing")?.scopes).toHaveLength(1);
  });

  it("count one by one in a batch, which is refused as a whole", async () => {
    const { url, targets } = await open({ limits: { addressRateCount: 5 } });
    const three = () => get(url, "catalog.nothing,catalog.nothing,catalog.nothing?batch=1");
    const [first, second] = [await three(), await three()];
    expect(statuses([first, second])).toEqual([200, 429]);
    expect(second.headers["retry-after"]).toMatch(/^\d+$/);
    expect(second.json).toHaveLength(3);
    expect(targets.get("catalog.nothing")?.scopes).toHaveLength(3);
  });

  it("by REST and by routes of the app count like those by tRPC", async () => {
    const { url } = await open({ limits: { addressRateCount: 3 } });
    const report = () => send(url, { path: "/report" });
    const route = () => send(url, { method: "POST", path: "/auth/sign-in", headers: { "content-type": "application/json" }, body: "{}" });
    expect(statuses([await ask(url), await report(), await route(), await report(), await route(), await ask(url)])).toEqual([
      200, 200, 400, 429, 429, 429,
    ]);
  });

  it("count against the address if the credentials are not valid", async () => {
    const { url } = await open({ limits: { addressRateCount: 2 } });
    expect(await oneByOne(3, () => ask(url, { authorization: "bad" }))).toEqual([401, 401, 429]);
    expect(await oneByOne(1, () => ask(url))).toEqual([429]);
  });

  it("believe X-Forwarded-For of trusted proxies only, and take a /64 for one client", async () => {
    const limits = { addressRateCount: 1 };
    const [direct, behind] = [await open({ limits }), await open({ limits, trustedProxies: ["127.0.0.0/8"] })];
    const from = (url: string, address: string) => ask(url, { "x-forwarded-for": address });
    expect(statuses([await from(direct.url, "203.0.113.1"), await from(direct.url, "203.0.113.2")])).toEqual([200, 429]);
    expect(statuses([await from(behind.url, "203.0.113.1"), await from(behind.url, "203.0.113.2")])).toEqual([200, 200]);
    expect(statuses([await from(behind.url, "2001:db8::1"), await from(behind.url, "2001:db8::2")])).toEqual([200, 429]);
  });
});

describe("calls of one procedure", () => {
  it("are limited by what its contract says, whatever the password, and however the e-mail is written", async () => {
    const { url, targets } = await open();
    const answers = [await enter(url, "a@x.test", "w"), await enter(url, " A@X.test ", "w"), await enter(url, "a@x.test", "right")];
    expect(statuses(answers)).toEqual([401, 401, 429]);
    expect(answers[2]?.headers["retry-after"]).toBe("60");
    expect(targets.get("users.signIn")?.scopes).toHaveLength(2);
    expect((await enter(url, "b@x.test", "right")).status).toBe(200);
  });

  it("are one count for every way in", async () => {
    const { url } = await open();
    const tell = (path: string) =>
      send(url, { method: "POST", path, headers: { "content-type": "application/json" }, body: '{"email":"z@x.test","password":"w"}' });
    const answers = [
      await tell("/trpc/users.signIn"),
      await tell("/sessions"),
      await tell("/auth/sign-in"),
      await tell("/sessions"),
      await tell("/trpc/users.signIn"),
    ];
    expect(statuses(answers)).toEqual([401, 401, 429, 429, 429]);
    for (const { headers, body } of answers.slice(2)) {
      expect(headers["retry-after"]).toBe("60");
      expect(body).toContain("TOO_MANY_REQUESTS");
    }
  });

  it("are given back if they succeed or the world fails, and only then", async () => {
    const { url } = await open();
    expect(await oneByOne(4, () => enter(url, "c@x.test", "right"))).toEqual([200, 200, 200, 200]);
    expect(await oneByOne(4, () => enter(url, "c@x.test", "away"))).toEqual([503, 503, 503, 503]);
    expect(await oneByOne(3, () => enter(url, "c@x.test", "w"))).toEqual([401, 401, 429]);
  });

  it("get no more tries many at once, nor in a batch", async () => {
    const { url } = await open();
    const together = await Promise.all(Array.from({ length: 10 }, () => enter(url, "d@x.test", "w")));
    expect(statuses(together).filter((status) => status === 401)).toHaveLength(2);
    const input = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [index, { email: "e@x.test", password: "w" }]));
    const batch = await post(url, `${Array(5).fill("users.signIn").join()}?batch=1`, JSON.stringify(input));
    const codes = (batch.json as { error: { data: { code: string } } }[]).map(({ error }) => error.data.code);
    expect(codes.sort()).toEqual([...Array(3).fill("TOO_MANY_REQUESTS"), ...Array(2).fill("UNAUTHORIZED")]);
  });

  it("are limited for one e-mail from many addresses too, more loosely", async () => {
    const { url } = await open({ trustedProxies: ["127.0.0.0/8"] });
    let last = 0;
    const elsewhere = () => enter(url, "f@x.test", "w", { "x-forwarded-for": `203.0.113.${++last}` });
    expect(await oneByOne(5, elsewhere)).toEqual([401, 401, 401, 401, 429]);
  });

  it("are not counted if the input does not fit", async () => {
    const { url } = await open();
    expect(await oneByOne(4, () => post(url, "users.signIn", '{"email":"g@x.test"}'))).toEqual([400, 400, 400, 400]);
    expect((await enter(url, "g@x.test", "right")).status).toBe(200);
  });

  it("are counted by user, and by address if no user is signed in; subscriptions too", async () => {
    const { url } = await open();
    const read = (headers: Record<string, string>) => get(url, "users.report", undefined, headers);
    const answers = [await read({}), await read({}), await read({ authorization: "u1" }), await read({ authorization: "u1" })];
    expect(statuses(answers)).toEqual([200, 429, 200, 429]);
    const streams = [await get(url, "users.feed"), await get(url, "users.feed")];
    expect(streams.map(({ body }) => body.includes("TOO_MANY_REQUESTS"))).toEqual([false, true]);
  });
});

describe("several edges with a Redis", () => {
  let redis: TestRedis;
  const stores: RateStore[] = [];
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await redis.stop();
  });
  async function two(limits: { addressRateCount?: number } = {}) {
    const opened = await Promise.all([redis, redis].map(({ url }) => openRedisRateStore(url, `test${stores.length}`, storeDeps)));
    stores.push(...opened);
    return Promise.all(opened.map((rateStore) => open({ limits, rateStore })));
  }

  it("count tries together, each before it runs", async () => {
    const [one, other] = await two();
    const answers = [
      await enter(one?.url ?? "", "h@x.test", "w"),
      await enter(other?.url ?? "", "h@x.test", "w"),
      await enter(one?.url ?? "", "h@x.test", "w"),
      await enter(other?.url ?? "", "h@x.test", "right"),
    ];
    expect(statuses(answers)).toEqual([401, 401, 429, 429]);
    expect(answers[2]?.headers["retry-after"]).toMatch(/^(59|60)$/);
  });

  it("learn of each other's calls", async () => {
    const [one, other] = await two({ addressRateCount: 40 });
    expect(await oneByOne(40, () => ask(one?.url ?? ""))).toEqual(Array(40).fill(200));
    let passed = 0;
    while ((await ask(other?.url ?? "")).status === 200) passed++;
    // If the second edge counted alone, it would let as many calls pass as the first one.
    expect(passed).toBeLessThan(40);
  });

  it("count alone while it is away, and keep what they counted", async () => {
    const [one, other] = await two();
    expect(await oneByOne(1, () => enter(one?.url ?? "", "i@x.test", "w"))).toEqual([401]);
    await redis.kill();
    expect(await oneByOne(2, () => enter(one?.url ?? "", "i@x.test", "w"))).toEqual([401, 429]);
    expect(await oneByOne(3, () => enter(other?.url ?? "", "i@x.test", "w"))).toEqual([401, 401, 429]);
    expect(stores.slice(-2).map(({ reachable }) => reachable)).toEqual([false, false]);
    await redis.start();
    await expect.poll(() => stores.slice(-2).map(({ reachable }) => reachable)).toEqual([true, true]);
  });

  it("know that one which was only slow is there again", async () => {
    const store = await openRedisRateStore(redis.url, "slow", storeDeps);
    stores.push(store);
    const totals = store.totals("calls", 10_000);
    redis.freeze();
    expect([await totals.add("k", 1), store.reachable]).toEqual([undefined, false]);
    redis.thaw();
    await expect.poll(() => store.reachable).toBe(true);
    expect(await totals.add("k", 1)).toMatchObject({ count: expect.any(Number) });
  });

  // Seen red without the pings of the store: an open connection was taken for a Redis that answers, and each call waited for it.
  it.each(["go on", "stay silent", "are cut"] satisfies SilentOnes[])(
    "know that one is silent though no call asks it, wait for it no more, and ask it again when it speaks: silent connections %s",
    async (silentOnes) => {
      const proxy = await openSilentProxy(redis.url);
      const store = await openRedisRateStore(proxy.url, "silent", storeDeps);
      const totals = store.totals("calls", 60_000);
      try {
        await totals.add("k", 1);
        expect(store.reachable).toBe(true);
        proxy.silence();
        await expect.poll(() => store.reachable).toBe(false);
        await expect.poll(() => proxy.acceptedCount).toBeGreaterThan(0);
        const next = new Promise<string>((resolve) => setImmediate(resolve, "waits"));
        expect(await Promise.race([totals.add("k", 1), next])).toBeUndefined();
        expect(store.reachable).toBe(false);
        proxy.speak(silentOnes);
        await expect.poll(() => store.reachable).toBe(true);
        expect(await totals.add("k", 1)).toMatchObject({ count: expect.any(Number) });
      } finally {
        await store.close();
        proxy.close();
      }
    },
  );
});
