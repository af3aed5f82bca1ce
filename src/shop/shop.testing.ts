import { randomUUID } from "node:crypto";
import { HolonError } from "holon";
import { type TestApp, type TestAppOptions, type Topology, testApp } from "holon/testing";
import { contracts } from "#contracts";
import type { Product } from "#contracts/catalog";
import { createShop } from "./app.ts";
import { createFakeGateway, type FakeGateway } from "./gateway/fake-gateway.ts";
import { newTokenKey, publicHalf } from "./identity/token-keys.ts";
import { createTokens, type Tokens } from "./identity/tokens.ts";
import { customerIdOf } from "./northwind/northwind.ts";

/** A seeded customer. */
export const ALFKI = customerIdOf("ALFKI");

/** Another one. */
export const ANATR = customerIdOf("ANATR");

/** The id of an admin; tests need no account of his. */
export const ADMIN = "0b7cf0a5-8a46-4b58-9e6c-2a9f1c0f4d11";

/** The account that the test shop begins with. */
export const FIRST_ADMIN = { email: "boss@example.test", password: "the boss's password" };

/** The shop, run for a test, with its gateway and its tokens in the test's hands. */
export interface TestShop extends TestApp<typeof contracts> {
  readonly gateway: FakeGateway;
  readonly tokens: Tokens;
  readonly admin: ReturnType<TestApp<typeof contracts>["asUser"]>;
  /** Adds a product at 10.00 with so many in stock. */
  addProduct(stock: number): Promise<Product>;
  stockOf(productId: string): Promise<number>;
}

/** Starts the shop. Close it in the end. */
export async function startTestShop(topology: Topology, options: Pick<TestAppOptions<typeof contracts>, "limits" | "log"> = {}): Promise<TestShop> {
  const privateKey = await newTokenKey();
  const tokens = createTokens({ loadKeys: async () => ({ privateKey, publicKeys: [publicHalf(privateKey)] }), nowMs: Date.now });
  const gateway = createFakeGateway();
  const app = await testApp(createShop({ gateway, tokens, firstAdmin: FIRST_ADMIN, newId: randomUUID }), { contracts, topology, ...options });
  const admin = app.asUser(ADMIN, "admin");
  const addProduct = (stock: number): Promise<Product> =>
    admin.call.catalog.products.create({
      name: `Thing ${randomUUID()}`,
      category: "Beverages",
      quantityPerUnit: "1 box",
      priceCents: 1_000,
      discontinued: false,
      stock,
    });
  const stockOf = async (productId: string): Promise<number> => (await app.asAnonymous().call.catalog.products.get({ id: productId })).stock;
  return { ...app, gateway, tokens, admin, addProduct, stockOf };
}

/** The error of a call that must fail, as code and details. */
export async function refusalOf(call: Promise<unknown>): Promise<{ readonly code: string; readonly details: unknown }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof HolonError) return { code: error.code, details: error.details };
    throw error;
  }
  return { code: "OK", details: undefined };
}
