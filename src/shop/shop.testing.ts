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

/** Another seeded customer. */
export const ANATR = customerIdOf("ANATR");

/** The id of an admin; tests need no account for it. */
export const ADMIN = "0b7cf0a5-8a46-4b58-9e6c-2a9f1c0f4d11";

/** The account that the test shop begins with. */
export const FIRST_ADMIN: FirstAdmin = { email: "boss@example.test", password: "the boss's password" };

/** The statuses in which an order stays until a user acts. */
const SETTLED: readonly Order["status"][] = ["confirmed", "shipped", "delivered", "declined", "cancelled"];

/** How often a condition is checked. */
const LOOK_MS = 50;

/** How long a call may wait for a connection of the pool. It is longer than any call may take. */
const POOL_WAIT_MS = 30_000;

/** The shop for a test, with access to its gateway, its mail and its tokens. */
export interface TestShop extends TestApp<typeof contracts> {
  readonly gateway: FakeGateway;
  readonly mail: MailSink;
  readonly tokens: Tokens;
  /** The key that signs tokens, for tests that forge one. */
  readonly tokenKey: JWK;
  /** Moves the clock of tokens, sessions and tickets forward. */
  passTime(ms: number): void;
  readonly admin: ReturnType<TestApp<typeof contracts>["asUser"]>;
  /** Adds a product at 10.00 with this stock. */
  addProduct(stock: number): Promise<Product>;
  stockOf(productId: string): Promise<number>;
  /** Waits until a condition holds. The test's own timeout ends the wait. */
  until(condition: () => Promise<boolean> | boolean): Promise<void>;
  /** Waits until an order has one of the statuses in {@link SETTLED}, and returns the order. */
  settled(order: Pick<Order, "id">): Promise<Order>;
}

/** The options of a test shop. */
export interface TestShopOptions extends Pick<TestAppOptions<typeof contracts>, "limits" | "log" | "databaseUrl"> {
  readonly gatewayPatienceMs?: number;
  readonly firstAdmin?: FirstAdmin | undefined;
  /** Wraps the app, for example to count how often handlers are called. */
  readonly change?: (app: App) => App;
}

/** Starts the shop. The test must close it. On a busy machine its calls wait for a connection of the pool instead of being refused. */
export async function startTestShop(
  topology: Topology,
  { gatewayPatienceMs, firstAdmin = FIRST_ADMIN, change = (app) => app, limits, ...options }: TestShopOptions = {},
): Promise<TestShop> {
  const privateKey = await newTokenKey();
  let aheadMs = 0;
  const nowMs = (): number => Date.now() + aheadMs;
  const tokens = createTokens({ loadKeys: async () => ({ privateKey, publicKeys: [publicHalf(privateKey)] }), nowMs });
  const gateway = createFakeGateway(Date.now);
  const mail = await createMailSink(Date.now);
  const mailer = createSmtpMailer({ url: mail.url, from: "shop@example.test" });
  const shop = createShop({ gateway, gatewayPatienceMs, mailer, tokens, firstAdmin, nowMs });
  const app = await testApp(change(shop), { contracts, topology, limits: { poolWaitMs: POOL_WAIT_MS, ...limits }, ...options });
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

/** The code and details of a call's error; the code is "OK" if the call succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<{ readonly code: string; readonly details: unknown }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof HolonError) return { code: error.code, details: error.details };
    throw error;
  }
  return { code: "OK", details: undefined };
}
