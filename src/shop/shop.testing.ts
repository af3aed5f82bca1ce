import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type App, HolonError } from "holon";
import { type TestApp, type TestAppOptions, type Topology, testApp } from "holon/testing";
import type { JWK } from "jose";
import { contracts } from "#contracts";
import type { Product } from "#contracts/catalog";
import type { Order } from "#contracts/orders";
import { createShop } from "./app.ts";
import type { FirstAdmin } from "./contexts/users/index.ts";
import { createFakeGateway, type FakeGateway } from "./gateway/fake-gateway.ts";
import { newTokenKey, publicHalf } from "./identity/token-keys.ts";
import { createTokens, type Tokens } from "./identity/tokens.ts";
import { createMailSink, type MailSink } from "./mail/mail-sink.ts";
import { createSmtpMailer } from "./mail/mailer.ts";
import { customerIdOf } from "./northwind/northwind.ts";

/** A seeded customer. */
export const ALFKI = customerIdOf("ALFKI");

/** Another one. */
export const ANATR = customerIdOf("ANATR");

/** The id of an admin; tests need no account of his. */
export const ADMIN = "0b7cf0a5-8a46-4b58-9e6c-2a9f1c0f4d11";

/** The account that the test shop begins with. */
export const FIRST_ADMIN: FirstAdmin = { email: "boss@example.test", password: "the boss's password" };

/** Where orders stand for good, until somebody does something. */
const SETTLED: readonly Order["status"][] = ["confirmed", "shipped", "delivered", "declined", "cancelled"];

/** How often something is looked at that is waited for. */
const LOOK_MS = 50;

/** The shop, run for a test, with its gateway, its mail and its tokens in the test's hands. */
export interface TestShop extends TestApp<typeof contracts> {
  readonly gateway: FakeGateway;
  readonly mail: MailSink;
  readonly tokens: Tokens;
  /** What tokens are signed with: for those that are forged by half. */
  readonly tokenKey: JWK;
  /** Lets time pass for tokens, sessions and tickets. */
  passTime(ms: number): void;
  readonly admin: ReturnType<TestApp<typeof contracts>["asUser"]>;
  /** Adds a product at 10.00 with so many in stock. */
  addProduct(stock: number): Promise<Product>;
  stockOf(productId: string): Promise<number>;
  /** Waits until a condition holds. The test's own timeout ends the wait. */
  until(condition: () => Promise<boolean> | boolean): Promise<void>;
  /** Waits until an order is placed or cancelled, one way or the other. */
  settled(order: Pick<Order, "id">): Promise<Order>;
}

/** What may differ from one test shop to the other. */
export interface TestShopOptions extends Pick<TestAppOptions<typeof contracts>, "limits" | "log" | "databaseUrl"> {
  readonly gatewayPatienceMs?: number;
  readonly firstAdmin?: FirstAdmin | undefined;
  /** Puts something around the app, such as what counts how often handlers are entered. */
  readonly change?: (app: App) => App;
}

/** Starts the shop. Close it in the end. */
export async function startTestShop(
  topology: Topology,
  { gatewayPatienceMs, firstAdmin = FIRST_ADMIN, change = (app) => app, ...options }: TestShopOptions = {},
): Promise<TestShop> {
  const privateKey = await newTokenKey();
  let aheadMs = 0;
  const nowMs = (): number => Date.now() + aheadMs;
  const tokens = createTokens({ loadKeys: async () => ({ privateKey, publicKeys: [publicHalf(privateKey)] }), nowMs });
  const gateway = createFakeGateway(Date.now);
  const mail = await createMailSink(Date.now);
  const mailer = createSmtpMailer({ url: mail.url, from: "shop@example.test" });
  const shop = createShop({ gateway, gatewayPatienceMs, mailer, tokens, firstAdmin, nowMs });
  const app = await testApp(change(shop), { contracts, topology, ...options });
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
  const settled = async ({ id }: Pick<Order, "id">): Promise<Order> => {
    const look = (): Promise<Order> => admin.call.orders.get({ id });
    await until(async () => SETTLED.includes((await look()).status));
    return look();
  };
  const close = async (): Promise<void> => {
    await app.close();
    mailer.close();
    await mail.close();
  };
  const passTime = (ms: number): void => {
    aheadMs += ms;
  };
  return { ...app, gateway, mail, tokens, tokenKey: privateKey, passTime, admin, addProduct, stockOf, until, settled, close };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(LOOK_MS);
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
