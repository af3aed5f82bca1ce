import type { Topology } from "holon/testing";
import postgres from "postgres";
import { contracts } from "#contracts";
import { ALFKI, ANATR, startTestShop, type TestShop } from "../../src/shop/shop.testing.ts";
import { Entries } from "../subject/observed-app.ts";
import { probeModule } from "./probe.ts";
import type { Facts, Sender } from "./row.ts";
import { authorizations } from "./senders.ts";
import { StoredRows } from "./stored-rows.ts";

/** The shop and the probe; their handler calls and the rows of their tables are counted. */
export interface ShopUnderAttack {
  readonly shop: TestShop;
  readonly entries: Entries;
  readonly rows: StoredRows;
  readonly facts: Facts;
  headersOf(sender: Sender): Readonly<Record<string, string>>;
  /** Whether no transaction is open in the database. */
  isIdle(): Promise<boolean>;
  /** How many orders with this id exist. */
  ordersOf(order: { readonly id: string }): Promise<number>;
  close(): Promise<void>;
}

/** A request that is not complete is ended after this time; a complete one takes some milliseconds. */
const REQUEST_TIMEOUT_MS = 3_000;

/** Many calls at once take long on a busy machine; the tests check which call gets what, not when. */
const PATIENT = { deadlineMs: 30_000, poolWaitMs: 30_000, lockTimeoutMs: 30_000 };

/** High rate limits, because all requests of the test come from one address. */
const UNCOUNTED = { refusalRateCount: 10_000_000, addressRateCount: 10_000_000, userRateCount: 10_000_000 };

/** Starts the shop and the probe. The test must close them. */
export async function startShopUnderAttack(topology: Topology): Promise<ShopUnderAttack> {
  const entries = new Entries();
  const shop = await startTestShop(topology, {
    change: (app) => entries.watching({ ...app, contexts: [...app.contexts, probeModule] }),
    limits: { ...PATIENT, ...UNCOUNTED, headersTimeoutMs: REQUEST_TIMEOUT_MS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
  });
  const sql = postgres(shop.databaseUrl, { max: 1, onnotice: () => {}, fetch_types: false });
  const product = await shop.addProduct(100);
  const foreign = await shop.asUser(ANATR, "user").call.orders.place({ lines: [{ productId: product.id, quantity: 1 }] });
  await shop.settled(foreign);
  // Until the order's mail is sent, its job may still write rows.
  await shop.until(async () => (await shop.admin.call.notifications.list({ orderId: foreign.id, status: "sent" })).total === 1);
  const { email } = await shop.admin.call.users.get({ id: ALFKI });
  const tokens = await authorizations(shop);
  return {
    ...{ shop, entries, facts: { foreignOrderId: foreign.id, productId: product.id, email } },
    rows: await StoredRows.of(sql, Object.keys(contracts)),
    headersOf(sender) {
      const authorization = tokens.get(sender);
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      return headers;
    },
    async isIdle() {
      const open = await sql`
        select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null and backend_type = 'client backend'`;
      return open.length === 0;
    },
    async ordersOf({ id }) {
      return (await sql`select 1 from orders.orders where id = ${id}`).length;
    },
    async close() {
      await sql.end({ timeout: 5 });
      await shop.close();
    },
  };
}
