import { randomUUID } from "node:crypto";
import { catalogueError } from "holon";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { User } from "#contracts/users";
import { startTestShop, type TestShop } from "../shop.testing.ts";
import { TOKEN_TTL_MS } from "./tokens.ts";

const PASSWORD = "correct horse battery";
const COOKIE = /^shop_refresh=([\w.-]+); Max-Age=(\d+); Path=\/auth; HttpOnly; SameSite=Strict$/;
const REMOVED = "shop_refresh=; Max-Age=0; Path=/auth; HttpOnly; SameSite=Strict";

/** The parts of an answer that the tests check. */
interface Answer {
  readonly status: number;
  readonly cookie: string | undefined;
  readonly json: { readonly token: string; readonly user: { readonly id: string }; readonly code: string; readonly ticket: string };
}

/** Reads a stream until a text has come, and cancels it. */
async function textUntil({ body }: Response, end: string): Promise<string> {
  let text = "";
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(end)) break;
  }
  return text;
}

// The topology `wire` is left out, because the mesh retries nothing here. What `wire` adds is tested in contexts/users.
describe.each(["together", "apart"] as const)("the session of a browser, %s", (topology) => {
  let shop: TestShop;
  let user: User;
  beforeAll(async () => {
    shop = await startTestShop(topology);
    user = await shop.asAnonymous().call.users.signUp({ email: `${randomUUID()}@example.test`, password: PASSWORD, name: "Ada" });
  });
  afterAll(() => shop.close());

  const post = async (path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => {
    const answer = await fetch(`${shop.url}/auth/${path}`, {
      method: "POST",
      headers: { "sec-fetch-site": "same-origin", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, cookie: answer.headers.get("set-cookie") ?? undefined, json: text === "" ? undefined : JSON.parse(text) };
  };
  const tokenIn = ({ cookie }: Answer): string => COOKIE.exec(cookie ?? "")?.[1] ?? "";
  const withCookie = (refreshToken: string) => ({ cookie: `shop_refresh=${refreshToken}` });
  const signIn = (password = PASSWORD): Promise<Answer> => post("sign-in", { email: user.email, password });

  test("begins with a token for the page, and a cookie that no script reads", async () => {
    const answer = await signIn();
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(["token", "expiresAt", "user"]);
    expect(await shop.tokens.verify(answer.json.token)).toMatchObject({ id: user.id });
    expect(COOKIE.exec(answer.cookie ?? "")).not.toBe(null);
  });

  test("does not begin with a wrong password", async () => {
    expect(await signIn("wrong")).toMatchObject({
      status: 401,
      cookie: undefined,
      json: { code: "UNAUTHORIZED", detail: "E-mail or password is wrong." },
    });
  });

  test("goes on by its cookie, which is another one each time", async () => {
    const answer = await signIn();
    const next = await post("refresh", undefined, withCookie(tokenIn(answer)));
    expect([next.status, next.json.user.id]).toEqual([200, user.id]);
    expect(tokenIn(next)).not.toBe(tokenIn(answer));
    expect((await post("refresh", undefined, withCookie(tokenIn(next)))).status).toBe(200);
  });

  test("goes on though the page still sends a token that has expired", async () => {
    const answer = await signIn();
    shop.passTime(TOKEN_TTL_MS + 1_000);
    const headers = { ...withCookie(tokenIn(answer)), authorization: `Bearer ${answer.json.token}` };
    expect((await post("refresh", undefined, headers)).status).toBe(200);
  });

  test.each(["nonsense", "x".repeat(300), `${randomUUID()}.${"A".repeat(43)}`])("loses a cookie that is not good: %s", async (refreshToken) => {
    expect(await post("refresh", undefined, withCookie(refreshToken))).toMatchObject({
      status: 401,
      cookie: REMOVED,
      json: { code: "UNAUTHORIZED" },
    });
  });

  test("is refused without a cookie", async () => {
    expect(await post("refresh")).toMatchObject({ status: 401, cookie: undefined, json: { code: "UNAUTHORIZED" } });
  });

  test("keeps its cookie while the users context is away", async () => {
    const answer = await signIn();
    const lift = shop.fail({ on: "users", error: catalogueError("UNAVAILABLE", "The process went away.") });
    const away = await post("refresh", undefined, withCookie(tokenIn(answer)));
    lift();
    expect([away.status, away.cookie, away.json.code]).toEqual([503, undefined, "UNAVAILABLE"]);
    expect((await post("refresh", undefined, withCookie(tokenIn(answer)))).status).toBe(200);
  });

  test("ends at the sign-out, and its token is refused after that", async () => {
    const answer = await signIn();
    const end = await post("sign-out", undefined, withCookie(tokenIn(answer)));
    expect([end.status, end.cookie]).toEqual([204, REMOVED]);
    expect((await post("refresh", undefined, withCookie(tokenIn(answer)))).status).toBe(401);
    expect((await post("sign-out", undefined, withCookie("nonsense"))).status).toBe(204);
  });

  test.each(["sign-in", "refresh", "sign-out"])("is not touched by %s from another site", async (path) => {
    const answer = await signIn();
    const body = { email: user.email, password: PASSWORD };
    const headers = { ...withCookie(tokenIn(answer)), "sec-fetch-site": "cross-site" };
    expect(await post(path, body, headers)).toMatchObject({ status: 403, cookie: undefined, json: { code: "FORBIDDEN" } });
    expect((await post("refresh", undefined, withCookie(tokenIn(answer)))).status).toBe(200);
  });

  describe("gets tickets", () => {
    const ticketOf = async (token: string): Promise<Answer> => post("ticket", undefined, { authorization: `Bearer ${token}` });
    const ownToken = async (): Promise<string> => (await shop.tokens.issue({ kind: "user", id: user.id, roles: ["user"] })).token;
    /** Makes a call that needs a signed-in user, with a ticket as httpSubscriptionLink sends it. */
    const listWith = async (connectionParams: object): Promise<number> => {
      const query = new URLSearchParams({ input: "{}", connectionParams: JSON.stringify(connectionParams) });
      return (await fetch(`${shop.url}/trpc/orders.list?${query}`)).status;
    };

    test("that can be used once", async () => {
      const { status, json } = await ticketOf(await ownToken());
      expect(status).toBe(200);
      const statuses = await Promise.all(Array.from({ length: 5 }, () => listWith({ ticket: json.ticket })));
      expect(statuses.sort()).toEqual([200, 401, 401, 401, 401]);
    });

    test("that open a subscription without a header", async () => {
      const order = await shop.asUser(user.id, "user").call.orders.place({ lines: [{ productId: (await shop.addProduct(1)).id, quantity: 1 }] });
      const { json } = await ticketOf(await ownToken());
      const query = new URLSearchParams({ input: JSON.stringify({ id: order.id }), connectionParams: JSON.stringify({ ticket: json.ticket }) });
      const stream = await fetch(`${shop.url}/trpc/orders.changes?${query}`, { headers: { accept: "text/event-stream" } });
      expect(await textUntil(stream, '"status":"confirmed"')).toContain(order.id);
    });

    test("that are good for half a minute", async () => {
      const { json } = await ticketOf(await ownToken());
      shop.passTime(31_000);
      expect(await listWith({ ticket: json.ticket })).toBe(401);
    });

    test("and other texts are refused as tickets", async () => {
      expect([await listWith({ ticket: "nonsense" }), await listWith({ ticket: "x".repeat(300) }), await listWith({})]).toEqual([401, 401, 401]);
    });

    test("only with a token", async () => {
      const answer = await signIn();
      expect((await post("ticket", undefined, withCookie(tokenIn(answer)))).status).toBe(401);
    });
  });

  test("can be checked by others with the published keys", async () => {
    const answer = await fetch(`${shop.url}/.well-known/jwks.json`);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    const { keys } = (await answer.json()) as { keys: object[] };
    expect(keys).toEqual([{ kty: "OKP", crv: "Ed25519", x: expect.any(String), kid: expect.any(String), alg: "EdDSA", use: "sig" }]);
  });
});
