import { expect, test } from "vitest";
import { createSignedIn } from "./signed-in.ts";

const MINUTE_MS = 60_000;

test("createSignedIn signs in once for all calls at the same time, and again before the token expires", async () => {
  let nowMs = 0;
  let count = 0;
  const signIn = async () => ({ token: `token ${++count}`, expiresAt: new Date(nowMs + 15 * MINUTE_MS).toISOString() });
  const token = createSignedIn({ signIn, nowMs: () => nowMs });
  expect(await Promise.all([token(), token()])).toEqual(["token 1", "token 1"]);
  nowMs = 14 * MINUTE_MS - 1;
  expect(await token()).toBe("token 1");
  nowMs = 14 * MINUTE_MS;
  expect(await Promise.all([token(), token()])).toEqual(["token 2", "token 2"]);
});

test("createSignedIn signs in again after a sign-in that failed", async () => {
  const answers = [new RangeError("away"), undefined];
  const signIn = async () => {
    const failure = answers.shift();
    if (failure !== undefined) throw failure;
    return { token: "token", expiresAt: new Date(MINUTE_MS * 15).toISOString() };
  };
  const token = createSignedIn({ signIn, nowMs: () => 0 });
  await expect(token()).rejects.toThrow("away");
  expect(await token()).toBe("token");
});
