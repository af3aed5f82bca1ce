import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OrderCursor } from "#contracts/orders";
import { ALFKI, ANATR, FIRST_ADMIN, startTestShop, type TestShop } from "./shop.testing.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a client in another language reads is checked as it is
  readonly json: any;
}

const PASSWORD = "correct horse battery";
const BOX = { category: "Beverages", quantityPerUnit: "1 box", priceCents: 1_000, discontinued: false };

/** The shop as a client in any language sees it: only HTTP and JSON. */
describe.each(TOPOLOGIES)("the shop by REST, %s", (topology) => {
  let shop: TestShop;
  let admin: string;
  beforeAll(async () => {
    shop = await startTestShop(topology);
    admin = (await ask("POST", "/sessions", { body: FIRST_ADMIN })).json.token;
  });
  afterAll(() => shop.close());

  async function ask(
    method: string,
    path: string,
    { body, as, headers = {} }: { readonly body?: unknown; readonly as?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> {
    const response = await fetch(shop.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(as === undefined ? {} : { authorization: `Bearer ${as}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === "" ? undefined : JSON.parse(text) };
  }
  const created = async (stock = 3): Promise<Answer> => ask("POST", "/products", { body: { ...BOX, name: `Box ${randomUUID()}`, stock }, as: admin });
  const signedUp = async (): Promise<{ readonly id: string; readonly token: string }> => {
    const account = { email: `${randomUUID()}@example.test`, password: PASSWORD };
    const { json } = await ask("POST", "/users", { body: { ...account, name: "Ada" } });
    return { id: json.id, token: (await ask("POST", "/sessions", { body: account })).json.token };
  };

  test("a customer signs up, buys, and sees the order; another customer does not see it", async () => {
    const [ada, eve] = [await signedUp(), await signedUp()];
    const product = (await created()).json;
    const body = { lines: [{ productId: product.id, quantity: 2 }] };
    const key = { "idempotency-key": randomUUID() };
    const placed = await ask("POST", "/orders", { body, as: ada.token, headers: key });
    const again = await ask("POST", "/orders", { body, as: ada.token, headers: key });
    expect([placed.status, placed.headers.get("location"), again.json.id]).toEqual([201, `/orders/${placed.json.id}`, placed.json.id]);
    const other = await ask("POST", "/orders", { body: { lines: [{ productId: product.id, quantity: 1 }] }, as: ada.token, headers: key });
    expect(other).toMatchObject({ status: 422, json: { code: "KEY_REUSED" } });
    await shop.settled(placed.json);
    const location = placed.headers.get("location") as string;
    expect((await ask("GET", location, { as: ada.token })).json).toMatchObject({ status: "confirmed", totalCents: 2_000 });
    expect((await ask("GET", location, { as: eve.token })).status).toBe(404);
    expect((await ask("GET", location)).status).toBe(401);
    expect((await ask("DELETE", location, { as: ada.token })).json.status).toBe("cancelling");
  });

  test("an account is read, replaced, patched and closed", async () => {
    const { id, token } = await signedUp();
    const path = `/users/${id}`;
    const first = await ask("GET", path, { as: token });
    const put = await ask("PUT", path, { body: { ...first.json, city: "Berlin" }, as: token });
    expect([put.status, put.json.city, put.json.version]).toEqual([200, "Berlin", first.json.version + 1]);
    const stale = await ask("PATCH", path, { body: { city: "Rome" }, as: token, headers: { "if-match": first.headers.get("etag") as string } });
    expect(stale).toMatchObject({ status: 412, json: { code: "CONFLICT", details: { version: put.json.version } } });
    const patched = await ask("PATCH", path, { body: { city: null }, as: token, headers: { "if-match": `"${put.json.version}"` } });
    expect(patched.json.city).toBeNull();
    const removed = await ask("DELETE", path, { as: token, headers: { "if-match": patched.headers.get("etag") as string } });
    expect([removed.status, removed.json]).toEqual([204, undefined]);
    expect((await ask("GET", "/users?limit=1&role=user", { as: admin })).json.items).toHaveLength(1);
    expect(await ask("GET", "/users", { as: token })).toMatchObject({ status: 403, json: { code: "FORBIDDEN" } });
  });

  test("a product is made, read by its tag, edited and removed by admins alone", async () => {
    const made = await created();
    const path = made.headers.get("location") as string;
    expect([made.status, path]).toEqual([201, `/products/${made.json.id}`]);
    const read = await ask("GET", path);
    const known = { "if-none-match": read.headers.get("etag") as string };
    expect((await ask("GET", path, { headers: known })).status).toBe(304);
    await ask("POST", "/restocks", { body: { lines: [{ productId: made.json.id, quantity: 5 }] }, as: admin });
    expect((await ask("GET", path, { headers: known })).json).toMatchObject({ stock: 8, version: made.json.version });
    expect((await ask("PUT", path, { body: { ...made.json, priceCents: 900 }, as: admin })).json.priceCents).toBe(900);
    const version = made.json.version + 1;
    expect((await ask("PATCH", path, { body: { priceCents: 800, version }, as: admin })).json.priceCents).toBe(800);
    expect((await ask("DELETE", `${path}?version=${version}`, { as: admin })).status).toBe(409);
    expect((await ask("DELETE", `${path}?version=${version + 1}`, { as: admin })).status).toBe(204);
    expect((await ask("GET", path)).status).toBe(404);
    expect((await ask("POST", "/products", { body: BOX })).status).toBe(401);
  });

  test("an id in capital letters, as some languages write it, is the same id", async () => {
    const [ada, product] = [await signedUp(), (await created()).json];
    const [user, id] = [ada.id.toUpperCase(), product.id.toUpperCase()];
    expect((await ask("GET", `/users/${user}`, { as: ada.token })).json).toMatchObject({ id: ada.id });
    expect((await ask("GET", `/orders?customerId=${user}`, { as: ada.token })).status).toBe(200);
    const twice = [product.id, id].map((productId) => ({ productId, quantity: 1 }));
    const refused = await ask("POST", "/orders", { body: { lines: twice }, as: ada.token });
    expect(refused).toMatchObject({ status: 400, json: { issues: [{ path: "lines" }] } });
    const placed = (await ask("POST", "/orders", { body: { lines: [{ productId: id, quantity: 1 }] }, as: ada.token })).json;
    const seen: string[] = [];
    for await (const { data } of shop.asUser(ada.id, "user").call.orders.changes({ id: placed.id.toUpperCase() })) {
      seen.push(data.status);
      if (data.status === "confirmed") break;
    }
    expect(seen.at(-1)).toBe("confirmed");
  });

  test("products are filtered and sorted", async () => {
    const { json } = await ask("GET", "/products?category=Meat%2FPoultry&sort=price_desc&limit=3");
    expect(json).toMatchObject({ page: 1, limit: 3, total: 6 });
    const prices = json.items.map(({ priceCents }: { priceCents: number }) => priceCents);
    expect(prices).toEqual([...prices].sort((one, two) => two - one));
    expect(await ask("GET", "/products?sort=price%3Bdrop")).toMatchObject({ status: 400, json: { issues: [{ path: "sort" }] } });
  });

  test.each(["name_asc", "name_desc", "price_asc", "price_desc"])("products by %s are walked by cursor as by page", async (sort) => {
    const query = `/products?category=Condiments&sort=${sort}`;
    const whole = (await ask("GET", `${query}&limit=100`)).json;
    const walked: { id: string }[] = [];
    const pages: number[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const { json } = await ask("GET", `${query}&limit=5${next === "" ? "" : `&cursor=${next}`}`);
      walked.push(...json.items);
      pages.push(json.page);
      next = json.next;
    }
    expect(walked).toEqual(whole.items);
    expect([whole.next, pages]).toEqual([null, pages.map((_, index) => index + 1)]);
  });

  test("a walk by cursor neither skips nor repeats what was there when it began", async () => {
    const names = (answer: Answer): string[] => answer.json.items.map(({ id }: { id: string }) => id);
    const before = names(await ask("GET", "/products?category=Beverages&limit=100"));
    const first = await ask("GET", "/products?category=Beverages&limit=4");
    await ask("POST", "/products", { body: { ...BOX, name: "  A box before all others", stock: 0 }, as: admin });
    const second = await ask("GET", `/products?category=Beverages&limit=4&cursor=${first.json.next}`);
    expect([...names(first), ...names(second)]).toEqual(before.slice(0, 8));
  });

  test.each([
    ["that was tampered with", (next: string) => `cursor=${next.slice(0, -1)}${next.endsWith("A") ? "B" : "A"}`],
    ["of another sort", (next: string) => `cursor=${next}&sort=price_asc`],
    ["beside a page", (next: string) => `cursor=${next}&page=2`],
    ["of another list", () => `cursor=${OrderCursor.write({ orderedOn: "1996-07-04", id: randomUUID(), page: 2 })}`],
    ["that is not a cursor", () => "cursor=1"],
  ])("a cursor %s is refused", async (_, query) => {
    const { next } = (await ask("GET", "/products?limit=1")).json;
    expect(await ask("GET", `/products?${query(next)}`)).toMatchObject({ status: 400, json: { code: "BAD_REQUEST", issues: [{ path: "cursor" }] } });
  });

  test("orders are filtered by customer, status and days, and walked by cursor", async () => {
    const place = (customer: string, orderedOn: string): Promise<Answer> =>
      created(5).then(({ json }) =>
        ask("POST", `/users/${customer}/orders`, { body: { orderedOn, lines: [{ productId: json.id, quantity: 1 }] }, as: admin }),
      );
    const days = ["1970-01-01", "1970-01-02", "1970-01-02", "1970-01-03"];
    const orders = [];
    for (const day of days) orders.push((await place(ALFKI, day)).json);
    orders.push((await place(ANATR, "1970-01-02")).json);
    for (const order of orders) await shop.settled(order);
    const list = async (query: string) => (await ask("GET", `/orders?to=1970-12-31&${query}`, { as: admin })).json;
    const mine = await list(`customerId=${ALFKI}&from=1970-01-02&status=confirmed`);
    expect(mine.items.map(({ orderedOn }: { orderedOn: string }) => orderedOn)).toEqual(["1970-01-03", "1970-01-02", "1970-01-02"]);
    expect((await list("status=declined")).total).toBe(0);
    const first = await list("limit=2");
    const second = await list(`limit=3&cursor=${first.next}`);
    expect([...first.items, ...second.items]).toEqual((await list("limit=100")).items);
    expect([second.page, second.next]).toEqual([2, null]);
    const shipped = await ask("PATCH", `/orders/${orders[0].id}`, { body: { status: "shipped" }, as: admin, headers: { "if-match": '"1"' } });
    expect(shipped).toMatchObject({ status: 412, json: { code: "CONFLICT" } });
  });
});
