import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Order } from "#contracts/orders";
import { ALFKI, startTestShop, type TestShop } from "./shop.testing.ts";

/** The quantity decides the amount, and by the amount the bank decides what it does. */
const PIECES = { approved: 1, declined: 2, hanging: 3, late: 4 } as const;
const COUNTS = { approved: 20, declined: 100, hanging: 10, late: 10 } as const;
const KINDS = Object.keys(PIECES) as (keyof typeof PIECES)[];
const CENTS = 1_000;
const STOCK = 1_000;

/** The delay of a late approval. It is longer than the shop waits for the gateway, so that the approval comes after the refund. */
const LATE_MS = 5_000;

// Most of the time these tests wait for a bank that does not answer.
describe.concurrent.each(TOPOLOGIES)("a hundred declined and twenty hanging payments, %s", (topology) => {
  let shop: TestShop;
  let productId: string;
  const orders: Record<keyof typeof PIECES, readonly Order[]> = { approved: [], declined: [], hanging: [], late: [] };

  const place = async (quantity: number): Promise<Order> =>
    shop.asUser(ALFKI, "user").call.orders.place({ lines: [{ productId, quantity }] }, { key: randomUUID() });
  const countsOf = async () => {
    const { statuses } = await shop.admin.call.orders.counts({});
    return Object.fromEntries(statuses.map(({ status, orders }) => [status, orders]));
  };

  const allOrders = async (): Promise<readonly Order[]> => {
    const pages = [1, 2].map((page) => shop.admin.call.orders.list({ page, limit: 100 }));
    return (await Promise.all(pages)).flatMap(({ items }) => items);
  };

  beforeAll(async () => {
    shop = await startTestShop(topology, { gatewayPatienceMs: 500 });
    productId = (await shop.addProduct(STOCK)).id;
    shop.gateway.setRules([
      { amountCents: PIECES.declined * CENTS, outcome: "decline", reason: "no funds" },
      { amountCents: PIECES.hanging * CENTS, outcome: "hang" },
      { amountCents: PIECES.late * CENTS, outcome: "late", afterMs: LATE_MS },
    ]);
    const placed: Record<keyof typeof PIECES, Order[]> = { approved: [], declined: [], hanging: [], late: [] };
    const queue = KINDS.flatMap((kind) => Array.from({ length: COUNTS[kind] }, () => kind)).values();
    const worker = async (): Promise<void> => {
      for (const kind of queue) placed[kind].push(await place(PIECES[kind]));
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    await shop.until(async () => {
      const { confirmed = 0, declined = 0 } = await countsOf();
      return confirmed + declined === KINDS.reduce((sum, kind) => sum + COUNTS[kind], 0);
    });
    const ended = new Map((await allOrders()).map((order) => [order.id, order]));
    for (const kind of KINDS) orders[kind] = placed[kind].map(({ id }) => ended.get(id) as Order);
  }, 180_000);
  afterAll(() => shop.close());

  test("each order says how it ended and why", () => {
    expect(orders.approved.map(({ status }) => status)).toEqual(Array(COUNTS.approved).fill("confirmed"));
    const reasonsOf = (kind: keyof typeof PIECES) => orders[kind].map(({ status, reason }) => `${status}: ${reason?.code}, ${reason?.message}`);
    expect(reasonsOf("declined")).toEqual(Array(COUNTS.declined).fill("declined: PAYMENT_DECLINED, no funds"));
    const unanswered = "declined: PAYMENT_UNANSWERED, The bank did not answer in time.";
    expect([...reasonsOf("hanging"), ...reasonsOf("late")]).toEqual(Array(COUNTS.hanging + COUNTS.late).fill(unanswered));
  });

  test("the stock is as before, but for what was sold", async () => {
    expect(await shop.stockOf(productId)).toBe(STOCK - COUNTS.approved * PIECES.approved);
  });

  test("no charge is left, also none that the bank approves after the refund", async () => {
    const statusesOf = (kind: keyof typeof PIECES) => {
      const ids = new Set(orders[kind].map(({ id }) => id));
      return shop.gateway.charges().flatMap(({ key, status }) => (ids.has(key) ? [status] : []));
    };
    await shop.until(() => statusesOf("late").every((status) => status === "refunded"));
    expect(KINDS.map((kind) => [...new Set(statusesOf(kind))])).toEqual([["approved"], ["declined"], ["voided"], ["refunded"]]);
    const sold = (await shop.admin.call.orders.totals({})).cents;
    const charged = shop.gateway.charges().filter(({ status }) => status === "approved");
    expect(charged.reduce((sum, { amountCents }) => sum + amountCents, 0)).toBe(sold);
    await shop.until(async () => (await shop.admin.call.payments.list({ status: "refunded" })).total === COUNTS.late);
  });

  test("each customer has one mail of each order", async () => {
    const all = KINDS.reduce((sum, kind) => sum + COUNTS[kind], 0);
    await shop.until(async () => (await shop.admin.call.notifications.list({ status: "sent" })).total === all);
    expect(new Set(shop.mail.mails().map(({ messageId }) => messageId)).size).toBe(all);
  });
});
