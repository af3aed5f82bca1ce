import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { TOPOLOGIES } from "holon/testing";
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Order } from "#contracts/orders";
import { FIRST_ADMIN, startTestShop, type TestShop } from "../../src/shop/shop.testing.ts";
import { brokenPromise, KEPT_DOCUMENT, type WrittenDocument } from "./document.ts";
import type { paths } from "./shop-api.d.ts";

type ShopClient = Client<paths>;
type ProductList = paths["/products"]["get"]["responses"]["200"]["content"]["application/json"];

const run = promisify(execFile);

const document = JSON.parse(KEPT_DOCUMENT) as WrittenDocument;

/** The data of a call that must succeed. */
async function good<Data>(answer: Promise<{ readonly data?: Data; readonly error?: unknown }>): Promise<Data> {
  const { data, error } = await answer;
  if (data === undefined) throw new TypeError(`not answered: ${JSON.stringify(error)}`);
  return data;
}

describe.each(TOPOLOGIES)("the client that is generated from the document, %s", (topology) => {
  let shop: TestShop;
  /** Parts of answers that the document does not promise. */
  const broken: string[] = [];
  const comparing: Middleware = {
    async onResponse({ schemaPath, request, response }) {
      const operation = document.paths[schemaPath]?.[request.method.toLowerCase()];
      const text = await response.clone().text();
      const promise = operation && brokenPromise(document, operation, response, text === "" ? undefined : JSON.parse(text));
      if (promise !== undefined || operation === undefined) broken.push(promise ?? `${request.method} ${schemaPath} is not in it`);
    },
  };
  beforeAll(async () => {
    shop = await startTestShop(topology);
  });
  afterAll(() => shop.close());

  function clientOf(token?: string): ShopClient {
    const client = createClient<paths>({ baseUrl: shop.url, ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }) });
    client.use(comparing);
    return client;
  }

  async function signedIn(email: string, password: string): Promise<ShopClient> {
    return clientOf((await good(clientOf().POST("/sessions", { body: { email, password } }))).token);
  }

  /** Opens an account and signs in to it. */
  async function newCustomer(): Promise<{ readonly id: string; readonly client: ShopClient }> {
    const email = `${randomUUID()}@example.test`;
    const password = "correct horse";
    const { id } = await good(clientOf().POST("/users", { body: { email, password, name: "Ada" } }));
    return { id, client: await signedIn(email, password) };
  }

  it("is made from the document that the shop answers, wherever its contexts run", async () => {
    const answer = await fetch(`${shop.url}/openapi.json`);
    expect(await answer.text()).toBe(KEPT_DOCUMENT);
    expect((await fetch(`${shop.url}/openapi.json`, { headers: { "if-none-match": answer.headers.get("etag") ?? "" } })).status).toBe(304);
  });

  it("buys something: signs up, signs in, finds a product, orders it once and sees it confirmed", async () => {
    const { id: customerId, client } = await newCustomer();
    const found = await good(client.GET("/products", { params: { query: { search: "Chang", sort: "price_desc", limit: 5 } } }));
    const [product] = found.items;
    const productId = product?.id ?? "";
    const order = { params: { header: { "Idempotency-Key": randomUUID() } }, body: { lines: [{ productId, quantity: 2 }] } };
    const placed = await client.POST("/orders", order);
    const again = await good(client.POST("/orders", order));
    expect(placed.response.headers.get("location")).toBe(`/orders/${placed.data?.id}`);
    expect(again.id).toBe(placed.data?.id);
    const look = () => good(client.GET("/orders/{id}", { params: { path: { id: again.id } } }));
    await shop.until(async () => (await look()).status === "confirmed");
    expect(await look()).toMatchObject({ customerId, totalCents: 2 * (product?.priceCents ?? 0), lines: [{ productId, quantity: 2 }] });
    expect((await good(client.GET("/orders", { params: { query: { status: "confirmed" } } }))).items.map(({ id }) => id)).toEqual([again.id]);
  });

  it("edits the version that it read, and gets the current version if another edit came first", async () => {
    const { id, version } = await shop.addProduct(1);
    const client = await signedIn(FIRST_ADMIN.email, FIRST_ADMIN.password);
    const { response } = await client.GET("/products/{id}", { params: { path: { id } } });
    const edit = (priceCents: number) =>
      client.PATCH("/products/{id}", { params: { path: { id }, header: { "If-Match": response.headers.get("etag") ?? "" } }, body: { priceCents } });
    expect((await good(edit(1_100))).version).toBe(version + 1);
    const late = await edit(1_200);
    expect(late.error).toMatchObject({ status: 412, code: "CONFLICT", details: { version: version + 1 } });
    const inBody = await client.PATCH("/products/{id}", { params: { path: { id } }, body: { version, priceCents: 1_200 } });
    expect(inBody.error).toMatchObject({ status: 409, code: "CONFLICT" });
    expect((await client.DELETE("/products/{id}", { params: { path: { id }, query: { version: version + 1 } } })).response.status).toBe(204);
  });

  it("distinguishes errors by code, each with the type of its details", async () => {
    const client = await signedIn(FIRST_ADMIN.email, FIRST_ADMIN.password);
    const facts = { name: "Tea", quantityPerUnit: "1 box", priceCents: 100, discontinued: false };
    const { error } = await client.POST("/products", { body: { ...facts, category: "Nothing of the kind" } });
    const category: string | undefined = error?.code === "UNKNOWN_CATEGORY" ? error.details?.category : undefined;
    expect(category).toBe("Nothing of the kind");
    const refused = await client.POST("/products", { body: { ...facts, category: "Beverages", priceCents: 0 } });
    const issues = refused.error?.code === "BAD_REQUEST" ? refused.error.issues : undefined;
    expect(issues?.map(({ path }) => path)).toEqual(["priceCents"]);
  });

  it("is refused as the document says: without a token, without the role, and for rows that do not exist", async () => {
    const { client: customer } = await newCustomer();
    const codes = await Promise.all([
      clientOf().GET("/orders"),
      clientOf("no token").GET("/categories"),
      customer.GET("/users"),
      customer.GET("/orders/{id}", { params: { path: { id: randomUUID() } } }),
      clientOf().GET("/products/{id}", { params: { path: { id: randomUUID() } } }),
      clientOf().POST("/sessions", { body: { email: "nobody@example.test", password: "wrong" } }),
    ]);
    expect(codes.map(({ error }) => error?.code)).toEqual(["UNAUTHORIZED", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "NOT_FOUND", "UNAUTHORIZED"]);
  });

  it("is not needed to buy something: the curl commands of the README do it", async () => {
    const readme = readFileSync("README.md", "utf8");
    const [, script = ""] = /^## Buy something$[\s\S]*?^```sh$([\s\S]*?)^```$/m.exec(readme) ?? [];
    const { stdout } = await run("sh", ["-ec", script.replace("http://127.0.0.1:3000", shop.url)]);
    const order = JSON.parse(stdout.slice(stdout.lastIndexOf('{"id"'))) as Order;
    expect(order).toMatchObject({ lines: [{ quantity: 2 }] });
    expect((await shop.settled(order)).status).toBe("confirmed");
  });

  it("is not needed to list by cursor: the curl commands of the guide to REST do it", async () => {
    const guide = readFileSync("docs/rest.md", "utf8");
    const [, script = ""] = /^## Lists$[\s\S]*?^```sh$([\s\S]*?)^```$/m.exec(guide) ?? [];
    const [first = "", second = ""] = script.trim().replaceAll("http://127.0.0.1:3000", shop.url).split("\n");
    const list = async (line: string) => JSON.parse((await run("sh", ["-ec", line])).stdout) as ProductList;
    const { items, next } = await list(first);
    const { items: others } = await list(second.replace("<next>", next ?? ""));
    expect([items.length, others.length]).toEqual([5, 5]);
    expect(items.map(({ id }) => id)).not.toContain(others[0]?.id);
  });

  it("got only answers that the document promises", () => {
    expect(broken).toEqual([]);
  });
});
