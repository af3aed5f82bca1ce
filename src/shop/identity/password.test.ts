import { describe, expect, test } from "vitest";
import { hashPassword, isPassword } from "./password.ts";

describe("a password", () => {
  test("is known again by its hash", async () => {
    expect(await isPassword("correct horse", await hashPassword("correct horse"))).toBe(true);
  });

  test("is recognized if its letters are composed another way", async () => {
    expect(await isPassword("cafe\u0301", await hashPassword("caf\u00e9"))).toBe(true);
  });

  test("is not recognized by the hash of another one", async () => {
    expect(await isPassword("wrong horse", await hashPassword("correct horse"))).toBe(false);
  });

  test("never has the same hash twice", async () => {
    expect(await hashPassword("correct horse")).not.toBe(await hashPassword("correct horse"));
  });

  test("is hashed beside others without using up the threads that other work needs", async () => {
    const done: string[] = [];
    const hashed = Array.from({ length: 8 }, () => hashPassword("correct horse").then(() => done.push("a hash")));
    await crypto.subtle.digest("SHA-256", new Uint8Array(1)).then(() => done.push("something else"));
    await Promise.all(hashed);
    expect(done.indexOf("something else")).toBeLessThan(4);
  });

  test.each([null, undefined, "", "plain text"])("is wrong for an account whose hash is %j", async (hashed) => {
    expect(await isPassword("", hashed)).toBe(false);
  });
});
