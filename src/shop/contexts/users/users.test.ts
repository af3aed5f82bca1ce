import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALFKI, ANATR, FIRST_ADMIN, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

const PASSWORD = "correct horse battery";

describe.each(TOPOLOGIES)("users, %s", (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology);
  });
  afterAll(() => shop.close());

  const anybody = () => shop.asAnonymous().call.users;
  const self = (id: string) => shop.asUser(id, "user").call.users;
  const newUser = () => anybody().signUp({ email: `${randomUUID()}@example.test`, password: PASSWORD, name: "Ada" });

  describe("sign up and in", () => {
    test("and get a token with their id and role", async () => {
      const user = await newUser();
      const session = await anybody().signIn({ email: user.email, password: PASSWORD });
      expect(session.user).toEqual(user);
      expect(await shop.tokens.verify(session.token)).toEqual({ kind: "user", id: user.id, roles: ["user"] });
    });

    test("with any spelling of their e-mail address", async () => {
      const name = randomUUID();
      const user = await anybody().signUp({ email: `  ${name.toUpperCase()}@Example.TEST `, password: PASSWORD, name: "Ada" });
      expect(user.email).toBe(`${name}@example.test`);
      expect((await anybody().signIn({ email: `${name}@EXAMPLE.test`, password: PASSWORD })).user.id).toBe(user.id);
      expect(await refusalOf(anybody().signUp({ email: user.email.toUpperCase(), password: PASSWORD, name: "Eve" }))).toEqual({
        code: "CONFLICT",
        details: { fields: ["email"] },
      });
    });

    test("and get the same error for a wrong password, an unknown address and an account without a password", async () => {
      const { email } = await newUser();
      const attempts = [
        { email, password: "wrong password" },
        { email: "nobody@example.test", password: PASSWORD },
        { email: "alfki@example.test", password: PASSWORD },
      ];
      const messages = await Promise.all(
        attempts.map((attempt) =>
          anybody()
            .signIn(attempt)
            .catch((error: Error & { code: string }) => `${error.code} ${error.message}`),
        ),
      );
      expect(new Set(messages)).toEqual(new Set(["UNAUTHORIZED E-mail or password is wrong."]));
    });

    test("never as admins, whatever they send", async () => {
      const user = await anybody().signUp({ email: `${randomUUID()}@example.test`, password: PASSWORD, name: "Eve", role: "admin" } as never);
      expect(user.role).toBe("user");
    });
  });

  describe("begin with one admin", () => {
    test("whose address no other user can take", async () => {
      expect(await refusalOf(anybody().signUp({ email: FIRST_ADMIN.email, password: PASSWORD, name: "Eve" }))).toMatchObject({ code: "CONFLICT" });
      const user = await newUser();
      expect(await refusalOf(self(user.id).patch({ id: user.id, version: user.version, email: FIRST_ADMIN.email }))).toMatchObject({
        code: "CONFLICT",
      });
    });

    test("who signs in at several places at once", async () => {
      const sessions = await Promise.all(Array.from({ length: 3 }, () => anybody().signIn(FIRST_ADMIN)));
      expect(new Set(sessions.map(({ user }) => `${user.id} ${user.role}`)).size).toBe(1);
      expect(sessions[0]?.user.role).toBe("admin");
    });
  });

  describe("see and edit themselves", () => {
    test("and no other user, whom they do not find", async () => {
      expect((await self(ALFKI).get({ id: ALFKI })).company).toBe("Alfreds Futterkiste");
      expect(await refusalOf(self(ALFKI).get({ id: ANATR }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(self(ALFKI).patch({ id: ANATR, version: 1, name: "Eve" }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(self(ALFKI).remove({ id: ANATR, version: 1 }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(anybody().get({ id: ALFKI }))).toMatchObject({ code: "UNAUTHORIZED" });
    });

    test("whole or in parts, by version", async () => {
      const { id, email, version } = await newUser();
      const patched = await self(id).patch({ id, version, city: "London" });
      expect(patched).toMatchObject({ name: "Ada", city: "London", version: version + 1 });
      const updated = await self(id).update({ id, version: patched.version, email, name: "Ada L.", company: null, city: null, country: "UK" });
      expect(updated).toMatchObject({ name: "Ada L.", city: null, country: "UK", version: version + 2 });
      expect(await refusalOf(self(id).patch({ id, version, city: "Paris" }))).toEqual({ code: "CONFLICT", details: { version: version + 2 } });
    });

    test("until they close their account", async () => {
      const { id, version } = await newUser();
      await self(id).remove({ id, version });
      expect(await refusalOf(self(id).get({ id }))).toMatchObject({ code: "NOT_FOUND" });
    });

    test("while admins see all, a page at a time, found by text", async () => {
      const { items, total } = await shop.admin.call.users.list({ search: "futterkiste" });
      expect([total, items[0]?.id]).toEqual([1, ALFKI]);
      expect((await shop.admin.call.users.list({ limit: 3, page: 2 })).items).toHaveLength(3);
      expect(await refusalOf(self(ALFKI).list({}))).toMatchObject({ code: "FORBIDDEN" });
    });

    test("and never the hash of a password", async () => {
      expect(JSON.stringify(await shop.admin.call.users.list({ limit: 100 }))).not.toMatch(/password|scrypt/i);
    });
  });
});
