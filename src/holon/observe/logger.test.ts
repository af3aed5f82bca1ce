import { describe, expect, it } from "vitest";
import { catalogueError } from "../kernel/holon-error.ts";
import { createLogger } from "./logger.ts";

function open(level: "debug" | "info" = "info") {
  const lines: string[] = [];
  const log = createLogger({ name: "shop", level, destination: { write: (line: string) => lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) as string) as Record<string, unknown> };
}

describe("createLogger", () => {
  it("writes one JSON line for each call, with the name of the level and a time", () => {
    const { log, lines, last } = open();
    log.info({ procedure: "catalog.get", traceId: "t" }, "a call\nended");
    log.debug({}, "not written");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]+\n$/);
    expect(last()).toMatchObject({ name: "shop", level: "info", msg: "a call\nended", procedure: "catalog.get", traceId: "t" });
    expect(Date.parse(last().time as string)).toBeGreaterThan(0);
  });

  it("adds the fields of a child to every line, redacted too", () => {
    const { log, last } = open();
    log.child({ context: "orders", apiKey: "canary" }).child({ userId: "u" }).warn({ n: 1 }, "m");
    expect(last()).toMatchObject({ context: "orders", userId: "u", n: 1, apiKey: "[redacted]", level: "warn" });
  });

  it.each([
    "password",
    "Password",
    "newPassword",
    "user_password",
    "PASSWD",
    "token",
    "accessToken",
    "REFRESH_TOKEN",
    "secret",
    "HOLON_SECRET",
    "clientSecret",
    "authorization",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "apikey",
    "apiKey",
    "X-Api-Key",
    "api_key",
    "privateKey",
    "DATABASE_URL",
    "credentials",
    "parameters",
    "cvc",
  ])("leaves out members called %s, deep down too", (name) => {
    const { log, lines } = open();
    log.info({ [name]: "canary", a: { list: [{ [name]: { inner: "canary" } }] } }, "m");
    expect(lines[0]).not.toContain("canary");
    expect(lines[0]).toContain("[redacted]");
  });

  it("keeps members whose names only resemble those of secrets", () => {
    const { log, last } = open();
    log.info({ traceId: "a", orderId: "b", path: "c", pinned: true, key: "d" }, "m");
    expect(last()).toMatchObject({ traceId: "a", orderId: "b", path: "c", pinned: true, key: "d" });
  });

  it.each([
    ["a URL", "cannot reach postgres://shop:canary@db:5432/shop?x=1"],
    ["a bearer token", "sent Authorization: Bearer canary.canary-canary"],
    ["a signed token", "token eyJcanary.eyJcanary.canary was refused"],
    ["an assignment", "cannot sign in with password=canary, and again"],
    ["an environment", "PGPASSWORD='canary two' psql"],
    ["JSON", '{"user":"ada","apiKey":"canary, canary","pin":canary}'],
    ["JSON inside JSON", '{\\"client_secret\\":\\"canary\\"}'],
    ["a sentence", "ada has no password 'canary canary' here"],
    ["a header", "sent X-Api-Key: canary"],
    ["a header that says cookies", "got Set-Cookie: a=1; session=canary\nand more"],
    ["a query string", "GET https://pay.test/charge?card=canary&amount=1 failed"],
    ["a query string of our own", "GET /trpc/users.get?input=%7Bcanary failed"],
    ["a private key", "bad -----BEGIN EC PRIVATE KEY-----\ncanary\n-----END EC PRIVATE KEY-----"],
    ["the parameters of a statement that somebody wrapped", "could not save: Failed query: insert into a values ($1)\nparams: canary,canary"],
    ["a basic login", "authorization=Basic canarycanary"],
  ])("masks the secret in %s, wherever the text stands", (_name, text) => {
    const { log, lines } = open();
    log.error({ text, list: [text], err: catalogueError("UNAVAILABLE", text, { cause: new TypeError(text) }) }, text);
    expect(lines[0]).not.toContain("canary");
  });

  it.each([
    "E-mail or password is wrong.",
    "password authentication failed for user shop",
    "the order 12: 3 of 4 lines shipped: pinned, see https://shop.test/orders/12",
    "connect ECONNREFUSED 127.0.0.1:5432",
  ])("keeps what holds none: %s", (text) => {
    const { log, last } = open();
    log.info({}, text);
    expect(last().msg).toBe(text);
  });

  it("drops the value that Postgres repeats, and keeps the names that it says", () => {
    const { log, lines } = open();
    log.error(Object.assign(new TypeError('invalid input syntax for type uuid: "canary"'), { code: "22P02" }), "m");
    log.error(Object.assign(new TypeError('duplicate key value violates unique constraint "users_email"'), { code: "23505" }), "m");
    expect(lines[0]).not.toContain("canary");
    expect(lines[1]).toContain("users_email");
  });

  it("does not take a line of a message for a frame of the stack", () => {
    const { log, lines } = open();
    log.error(new TypeError("two lines\n    at password=canary\n    at canary (file.ts:1:1)".replace(" canary", " password=canary")), "m");
    expect(lines[0]).not.toContain("canary");
  });

  it("drops the parameters of drizzle's and postgres.js's errors, from members, message, stack and causes", () => {
    const { log, lines, last } = open();
    const postgres = Object.assign(new TypeError("duplicate key"), {
      query: "insert into users",
      parameters: ["canary"],
      args: ["canary"],
      detail: "Key (email)=(canary) exists.",
      where: "canary",
      code: "23505",
      constraint_name: "users_email",
    });
    const drizzle = Object.assign(new TypeError("Failed query: insert into users values ($1)\nparams: canary,\nsecond canary", { cause: postgres }), {
      query: "insert into users values ($1)",
      params: ["canary"],
    });
    log.error({ err: drizzle }, "failed");
    log.error(drizzle, "failed");
    expect(lines.join("")).not.toContain("canary");
    expect(last().err).toMatchObject({
      message: "Failed query: insert into users values ($1)",
      query: "insert into users values ($1)",
      stack: expect.stringMatching(/^\s+at /),
      cause: { message: "duplicate key", code: "23505", constraint_name: "users_email" },
    });
  });

  it("limits what it copies: depth, width, length, bytes, circles", () => {
    const { log, lines } = open();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    log.info(
      {
        circle,
        wide: Array(10_000).fill(1),
        long: "x".repeat(1_000_000),
        bytes: Buffer.alloc(5_000),
        big: 1n,
        map: new Map([["token", "canary"]]),
        fn: () => 1,
      },
      "m",
    );
    expect((lines[0] as string).length).toBeLessThan(20_000);
    expect(lines[0]).toContain("[5000 bytes]");
    expect(lines[0]).not.toContain("canary");
  });
});
