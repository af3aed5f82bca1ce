import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { type Logger, silentLogger } from "../../kernel/log.ts";
import type { OpsServer } from "../ops-server.ts";
import { Browser, openDashboard } from "./dashboard.testing.ts";

/** A log whose lines a test can read. */
function keptLog(lines: unknown[]): Logger {
  const note = (...line: unknown[]) => lines.push(line);
  const log: Logger = { ...silentLogger, debug: note, info: note, warn: note, error: note, child: () => log };
  return log;
}

describe("the sign-in of the dashboard", () => {
  const lines: unknown[] = [];
  let passedMs = 0;
  const clock: Clock = { nowMs: () => systemClock.nowMs() + passedMs, monotonicMs: () => systemClock.monotonicMs() + passedMs };
  let ops: OpsServer;
  let other: OpsServer;
  let browser: Browser;
  beforeAll(async () => {
    ops = await openDashboard({ log: keptLog(lines), clock });
    other = await openDashboard({ log: silentLogger, clock });
  });
  beforeEach(() => {
    browser = new Browser(ops.url);
    // By now the failed sign-ins of the previous test no longer count.
    passedMs += 3_600_000;
  });
  afterAll(async () => {
    await Promise.all([ops?.close(), other?.close()]);
  });

  it.each(["/ops/", "/ops/jobs", "/ops/jobs/", "/ops/jobs/api/queues", "/ops/jobs/static/js/main.js", "/ops/work", "/ops/work.json"])(
    "answers 401 to a stranger at %s: a page to sign in for people, an error for programs",
    async (path) => {
      const page = await browser.get(path);
      expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('action="/ops/sign-in"')]);
      const error = await browser.get(path, { accept: "application/json" });
      expect([error.status, await error.text()]).toEqual([401, expect.stringContaining("UNAUTHORIZED")]);
    },
  );

  it.each(["/healthz", "/readyz", "/metrics", "/ops/sign-in", "/ops/style.css"])("asks for no credentials at %s", async (path) => {
    expect((await browser.get(path)).status).toBe(200);
  });

  it("lets an admin in at every process of the app, and opens the page that was requested", async () => {
    const answer = await browser.signIn("admin-token-canary");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/ops/jobs"]);
    expect((await browser.get("/ops/work")).status).toBe(200);
    const elsewhere = new Browser(other.url);
    elsewhere.cookie = browser.cookie;
    expect((await elsewhere.get("/ops/work")).status).toBe(200);
  });

  it("keeps a session in a cookie that scripts and other sites cannot use, without the token in it", async () => {
    const cookie = (await browser.signIn("admin-token-canary")).headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^holon_ops_shop=[\w-]+\.[\w-]+; Max-Age=28800; Path=\/ops; HttpOnly; SameSite=Strict$/);
    expect(Buffer.from(cookie.split(/[=.]/)[1] ?? "", "base64url").toString()).not.toContain("canary");
    expect((await browser.signIn("admin-token-canary", { "x-forwarded-proto": "https" })).headers.get("set-cookie")).toContain("; Secure");
  });

  it("forgets a session after 8 hours", async () => {
    await browser.signIn("admin-token-canary");
    passedMs += 8 * 3_600_000;
    expect((await browser.get("/ops/work")).status).toBe(401);
  });

  it.each([
    ["of another app", "holon_ops_shop", (value: string) => `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`],
    [
      "with another user in it",
      "holon_ops_shop",
      (value: string) => `${Buffer.from('{"userId":"eve","untilMs":9e15}').toString("base64url")}.${value.split(".")[1]}`,
    ],
    ["without a signature", "holon_ops_shop", (value: string) => `${value.split(".")[0]}.`],
    ["that is nothing", "holon_ops_shop", () => "."],
  ])("refuses a cookie %s", async (_what, name, change) => {
    await browser.signIn("admin-token-canary");
    browser.cookie = `${name}=${change(browser.cookie.slice(name.length + 1))}`;
    expect((await browser.get("/ops/work")).status).toBe(401);
  });

  it("ends a session when its user signs out", async () => {
    await browser.signIn("admin-token-canary");
    const answer = await browser.send("POST", "/ops/sign-out");
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([303, expect.stringContaining("holon_ops_shop=; Max-Age=0; Path=/ops")]);
  });

  it("answers 403 to a user that is not an admin, and gives no session", async () => {
    const answer = await browser.signIn("user-token-canary");
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([403, null]);
    expect((await browser.get("/ops/work.json", { authorization: "Bearer user-token-canary" })).status).toBe(403);
  });

  it.each(["nonsense", "system-token", ""])("answers 401 to the token %j", async (token) => {
    expect((await browser.signIn(token)).status).toBe(401);
    expect((await browser.get("/ops/work.json", { authorization: `Bearer ${token}` })).status).toBe(401);
  });

  it("takes the token of an admin with a request, for programs", async () => {
    const answer = await browser.get("/ops/work.json", { authorization: "Bearer admin-token-canary" });
    expect([answer.status, await answer.json()]).toEqual([200, { app: "shop", contexts: [] }]);
  });

  it("ends guessing: the sixth wrong try waits, a right one too, and later tries count again", async () => {
    for (const token of ["1", "2", "3", "4", "5"]) expect((await browser.signIn(token)).status).toBe(401);
    const sixth = await browser.signIn("admin-token-canary");
    expect([sixth.status, Number(sixth.headers.get("retry-after"))]).toEqual([429, expect.toSatisfy((seconds) => seconds > 0 && seconds <= 300)]);
    passedMs += 300_000;
    expect((await browser.signIn("admin-token-canary")).status).toBe(303);
  });

  it("counts tries that come all at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => browser.signIn(String(n))));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  it.each([
    ["another site", { "sec-fetch-site": "cross-site" }],
    ["another port of this machine", { "sec-fetch-site": "same-site" }],
    ["an unknown page", { "sec-fetch-site": "none" }],
  ])("signs nobody in or out from %s", async (_where, headers) => {
    expect((await browser.signIn("admin-token-canary", headers)).status).toBe(403);
    expect((await browser.send("POST", "/ops/sign-out", undefined, headers)).status).toBe(403);
  });

  it("goes by Origin if a browser does not say more", async () => {
    const signInFrom = (origin: string) =>
      fetch(`${ops.url}/ops/sign-in`, {
        method: "POST",
        redirect: "manual",
        headers: { origin },
        body: new URLSearchParams({ token: "admin-token-canary" }),
      });
    expect((await signInFrom("https://evil.example")).status).toBe(403);
    expect((await signInFrom("null")).status).toBe(403);
    expect((await signInFrom(ops.url)).status).toBe(303);
  });

  it.each(["https://evil.example/", "//evil.example", "/ops/../../x?y=//evil", "/other", "/ops/\\evil.example"])(
    "never leads on to %s",
    async (next) => {
      const answer = await browser.send("POST", "/ops/sign-in", { token: "admin-token-canary", next });
      expect(new URL(answer.headers.get("location") ?? "", ops.url).origin).toBe(ops.url);
    },
  );

  it("takes forms only, and small ones", async () => {
    const post = (type: string, body: string) =>
      fetch(`${ops.url}/ops/sign-in`, { method: "POST", headers: { "content-type": type, "sec-fetch-site": "same-origin" }, body });
    expect((await post("application/json", "{}")).status).toBe(415);
    expect((await post("application/x-www-form-urlencoded", `token=${"x".repeat(20_000)}`)).status).toBe(413);
  });

  it("lets a page of ours load nothing of another host, run no script and stand in no frame", async () => {
    const { headers } = await browser.get("/ops/sign-in");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; style-src 'self'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("takes e-mail and password if the app has a sign-in with them", async () => {
    const withPasswords = await openDashboard({
      log: keptLog(lines),
      async signIn({ email, password }) {
        if (password === "") throw catalogueError("BAD_REQUEST", "too short");
        if (password === "away") throw catalogueError("UNAVAILABLE", "the users are away");
        if (password === "bob's") return "user-token-canary";
        return email === "ada@example.test" && password === "right canary" ? "admin-token-canary" : undefined;
      },
    });
    const person = new Browser(withPasswords.url);
    const signIn = (password: string) => person.send("POST", "/ops/sign-in", { email: "ada@example.test", password });
    expect(await (await person.get("/ops/sign-in")).text()).toContain('type="password" name="password"');
    expect((await signIn("wrong canary")).status).toBe(401);
    expect((await signIn("")).status).toBe(401);
    expect((await signIn("bob's")).status).toBe(403);
    expect((await signIn("away")).status).toBe(503);
    expect((await signIn("right canary")).status).toBe(303);
    await withPasswords.close();
  });

  it.each([
    ["bytes", Buffer.from(`email=ada%40example.test&password=${"\u00e9".repeat(10)}`, "latin1")],
    ["escapes", `email=ada%40example.test&password=${"%E9".repeat(10)}`],
    ["surrogates", `email=ada%40example.test&password=${"%ED%A0%80".repeat(10)}`],
    ["nonsense", "email=ada%40example.test&password=%zz"],
  ])("answers 400 to a form of %s that is not UTF-8, and asks for no password", async (_what, body) => {
    const asked: unknown[] = [];
    const served = await openDashboard({ log: silentLogger, clock, signIn: async (credentials) => void asked.push(credentials) });
    try {
      const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
      const answer = await fetch(`${served.url}/ops/sign-in`, { method: "POST", headers, body });
      expect([answer.status, await answer.text(), asked]).toEqual([400, expect.stringContaining("UTF-8"), []]);
    } finally {
      await served.close();
    }
  });

  it("answers 401 to a token that is not ASCII, which no header could hold", async () => {
    expect((await browser.signIn("\u20ac")).status).toBe(401);
  });

  it("writes no token, password, session or secret into the log", () => {
    expect(lines.length).toBeGreaterThan(10);
    expect(JSON.stringify(lines)).not.toMatch(/canary|holon_ops_shop=/);
  });

  it("says at /ops/jobs that this process reaches no queues", async () => {
    await browser.signIn("admin-token-canary");
    const answer = await browser.get("/ops/jobs");
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("UNAVAILABLE")]);
  });
});
