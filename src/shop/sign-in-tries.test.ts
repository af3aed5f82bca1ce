import { randomUUID } from "node:crypto";
import { catalogueError } from "holon";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Session } from "#contracts/users";
import { startTestShop, type TestShop } from "./shop.testing.ts";

const PASSWORD = "correct horse battery";

/** The routes by which a user signs in. */
const WAYS = ["/trpc/users.signIn", "/sessions", "/auth/sign-in"];

describe.each(["together", "apart"] as const)("tries to sign in, %s", (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology);
  });
  afterAll(() => shop.close());

  const attempt = (way: string, email: string, password: string): Promise<Response> =>
    fetch(shop.url + way, {
      method: "POST",
      headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" },
      body: JSON.stringify({ email, password }),
    });
  const wayOf = (index: number) => WAYS[index % WAYS.length] as string;
  const newUser = async () => {
    const email = `${randomUUID()}@example.test`;
    await shop.asAnonymous().call.users.signUp({ email, password: PASSWORD, name: "Ada" });
    return email;
  };
  const spellings = (email: string) => [email, ` ${email}`, email.toUpperCase(), `${email} `, email];

  test("are refused after the fifth wrong password, even with the right one, and however the e-mail is written", async () => {
    const email = await newUser();
    const wrong: number[] = [];
    for (const [index, spelling] of spellings(email).entries()) wrong.push((await attempt(wayOf(index), spelling, "wrong")).status);
    expect(wrong).toEqual([401, 401, 401, 401, 401]);
    for (const way of WAYS) {
      const sixth = await attempt(way, email, PASSWORD);
      expect({ way, status: sixth.status, after: Number(sixth.headers.get("retry-after")) > 0 }).toEqual({ way, status: 429, after: true });
      expect(await sixth.text()).toContain("TOO_MANY_REQUESTS");
    }
  });

  test("with a stolen token, to change the password, are refused after the fifth wrong password too", async () => {
    const email = await newUser();
    const { token, user } = (await (await attempt("/sessions", email, PASSWORD)).json()) as Session;
    const change = (password: string) =>
      fetch(`${shop.url}/users/${user.id}/password`, {
        method: "PUT",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ password, newPassword: "another horse battery" }),
      });
    const statuses: number[] = [];
    for (const password of ["1", "2", "3", "4", "5", PASSWORD]) statuses.push((await change(password)).status);
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
  });

  test("are refused for an unknown address as for a known one", async () => {
    const email = `${randomUUID()}@example.test`;
    const statuses: number[] = [];
    for (let index = 0; index < 6; index++) statuses.push((await attempt(wayOf(index), email, "wrong")).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  test("to sign up are refused after two hundred from one address, so that they cannot find out who has an account", async () => {
    const heal = shop.fail({ on: "users.signUp", when: "before", error: catalogueError("CONFLICT", "It is taken.") });
    const body = JSON.stringify({ email: "ada@example.test", password: PASSWORD, name: "Ada" });
    const ask = () => fetch(`${shop.url}/users`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const answers = await Promise.all(Array.from({ length: 201 }, ask));
    heal();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409, 429]));
  });
});
