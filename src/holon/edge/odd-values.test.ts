import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { THROWN_VALUES } from "../observe/thrown-values.testing.ts";
import { type EdgeUnderTest, openEdge } from "./edge.testing.ts";
import { type RawAnswer, send } from "./http.testing.ts";

const throwing = (): never => {
  throw new TypeError("select password from users");
};

const REVOKED = Proxy.revocable<string[]>([], {});
REVOKED.revoke();

/** Values that `authenticate` may return although its type forbids them. */
const ANSWERS: readonly (readonly [name: string, answer: unknown])[] = [
  ["a text", "ada"],
  ["a proxy whose traps throw", new Proxy({}, { get: throwing, getPrototypeOf: throwing })],
  ["a principal whose getter throws", Object.defineProperty({ kind: "user", id: "ada" }, "roles", { get: throwing })],
  ["a user whose roles are a revoked proxy", { kind: "user", id: "ada", roles: REVOKED.proxy }],
];

/** Errors of the toolkit that cannot be read. */
const BROKEN_ERRORS = THROWN_VALUES.filter(([name]) => name !== "UNAVAILABLE" && name !== "OVERLOADED");

// The edge runs in the process of the test, so an error that reaches the process fails the test.
describe("an app that throws or answers odd values", () => {
  let edge: EdgeUnderTest;
  let act: () => unknown;
  beforeAll(async () => {
    edge = await openEdge({
      isProduction: true,
      authenticate: () => act() as never,
      appRoutes(app) {
        app.get("/own/throws", async () => act());
      },
    });
  });
  afterAll(() => edge.close());

  const get = (path: string): Promise<RawAnswer> => send(edge.url, { method: "GET", path });

  describe.each(["at once", "by a promise"])("in authenticate, %s", (when) => {
    const acting = (value: () => unknown) => (when === "at once" ? value : async () => value());

    it.each(THROWN_VALUES)("gets one answer when it throws %s", async (_name, thrown) => {
      act = acting(() => {
        throw thrown;
      });
      const { status, json } = await get("/trpc/catalog.nothing");
      expect([400, 401, 409, 500, 503]).toContain(status);
      expect(json).toMatchObject({ error: { data: { code: expect.any(String), httpStatus: status } } });
    });

    it.each(ANSWERS)("gets INTERNAL or UNAUTHORIZED when it answers %s", async (_name, answer) => {
      act = acting(() => answer);
      const { status, body } = await get("/trpc/catalog.nothing");
      expect([401, 500]).toContain(status);
      expect(body).not.toContain("password");
    });
  });

  it.each(BROKEN_ERRORS)("in a route that throws %s: gets problem details of the catalogue", async (_name, thrown) => {
    act = () => {
      throw thrown;
    };
    const { status, headers, body } = await get("/own/throws");
    expect([status === 409 || status === 500, headers["content-type"]]).toEqual([true, "application/problem+json"]);
    expect(body).not.toContain("trap");
  });
});
