import { randomUUID } from "node:crypto";
import { catalogueError } from "holon";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Order } from "#contracts/orders";
import { ALFKI, ANATR, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

/** Many calls at once take long on a busy machine; the tests check which order gets what, not when. */
const PATIENT = { deadlineMs: 60_000, greatestDeadlineMs: 60_000, poolWaitMs: 60_000, lockTimeoutMs: 30_000 };

describe.each(TOPOLOGIES)("orders, %s", (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology, { limits: PATIENT, gatewayPatienceMs: 500 });
  });
  afterAll(() => shop.close());
  beforeEach(() => shop.gateway.setRules([]));

  const faults: (() => void)[] = [];
  const fail = (on: string, when: "before" | "after" = "before", times?: number) =>
    faults.push(shop.fail({ on, when, ...(times === undefined ? {} : { times }), error: catalogueError("UNAVAILABLE", "The process went away.") }));
  const heal = () => {
    for (const lift of faults.splice(0)) lift();
  };
  afterEach(heal);

  const buyer = (id = ALFKI) => shop.asUser(id, "user").call.orders;
  const place = (productId: string, quantity = 1, key = randomUUID()) => buyer().place({ lines: [{ productId, quantity }] }, { key });
  const placed = async (productId: string, quantity = 1): Promise<Order> => shop.settled(await place(productId, quantity));
  const chargesOf = (order: Pick<Order, "id">) => shop.gateway.charges().filter(({ key }) => key === order.id);
  const paymentOf = (order: Pick<Order, "id">) => shop.admin.call.payments.get({ orderId: order.id });

  describe("are placed", () => {
    test("pending at first, without a price, and confirmed soon after", async () => {
      const product = await shop.addProduct(5);
      const pending = await place(product.id, 2);
      expect(pending).toMatchObject({ status: "pending", totalCents: null, reason: null, lines: [{ productId: product.id, unitPriceCents: null }] });
      const order = await shop.settled(pending);
      expect(order).toMatchObject({ customerId: ALFKI, status: "confirmed", totalCents: 2_000, lines: [{ unitPriceCents: 1_000 }] });
      expect(await shop.stockOf(product.id)).toBe(3);
      expect(await paymentOf(order)).toMatchObject({ status: "approved", amountCents: 2_000 });
    });

    test("and the customer gets one mail about the order", async () => {
      const product = await shop.addProduct(5);
      const order = await placed(product.id);
      const mails = () => shop.mail.mails().filter(({ text }) => text.includes(order.id));
      await shop.until(() => mails().length > 0);
      const told = async () => (await shop.admin.call.notifications.list({ orderId: order.id })).items;
      await shop.until(async () => (await told())[0]?.status === "sent");
      expect(await told()).toMatchObject([{ kind: "orderConfirmed", recipient: "alfki@example.test", messageId: mails()[0]?.messageId }]);
      expect(mails()).toMatchObject([{ to: "alfki@example.test", subject: "Your order is confirmed" }]);
    });

    test("at the price of that time, which later changes of the product do not affect", async () => {
      const { id, version, ...facts } = await shop.addProduct(5);
      const order = await placed(id);
      await shop.admin.call.catalog.products.patch({ id, version, priceCents: facts.priceCents + 1 });
      expect(await buyer().get({ id: order.id })).toEqual(order);
    });

    test("once for twenty calls at once with the same key", async () => {
      const product = await shop.addProduct(50);
      const key = randomUUID();
      const orders = await Promise.all(Array.from({ length: 20 }, () => place(product.id, 1, key)));
      expect(new Set(orders.map((order) => order.id)).size).toBe(1);
      await shop.settled(orders[0] as Order);
      expect(await shop.stockOf(product.id)).toBe(49);
    });

    test("fifty times at once for the last item: one is confirmed, and the others are declined with OUT_OF_STOCK", async () => {
      const product = await shop.addProduct(1);
      const pending = await Promise.all(Array.from({ length: 50 }, () => place(product.id)));
      const orders = await Promise.all(pending.map((order) => shop.settled(order)));
      expect(orders.map(({ status, reason }) => reason?.code ?? status).sort()).toEqual([
        ...Array.from({ length: 49 }, () => "OUT_OF_STOCK"),
        "confirmed",
      ]);
      expect(await shop.stockOf(product.id)).toBe(0);
    });

    test("by an admin for a customer, with a date that the admin chooses", async () => {
      const product = await shop.addProduct(5);
      const lines = [{ productId: product.id, quantity: 1 }];
      const order = await shop.admin.call.orders.placeFor({ customerId: ANATR, orderedOn: "1996-07-04", lines });
      expect(await shop.settled(order)).toMatchObject({ customerId: ANATR, orderedOn: "1996-07-04", status: "confirmed" });
    });

    test("even if the mail cannot be sent", async () => {
      const product = await shop.addProduct(5);
      fail("users.get", "before", 1);
      expect(await placed(product.id)).toMatchObject({ status: "confirmed" });
    });
  });

  describe("are declined", () => {
    test("with the bank's reason, and the stock is back", async () => {
      const product = await shop.addProduct(5);
      shop.gateway.setRules([{ amountCents: 3_000, outcome: "decline", reason: "no funds" }]);
      expect(await placed(product.id, 3)).toMatchObject({ status: "declined", reason: { code: "PAYMENT_DECLINED", message: "no funds" } });
      expect(await shop.stockOf(product.id)).toBe(5);
    });

    test("if the payment hangs, and no money is taken", async () => {
      const product = await shop.addProduct(5);
      shop.gateway.setRules([{ amountCents: 4_000, outcome: "hang" }]);
      const order = await placed(product.id, 4);
      expect(order).toMatchObject({ status: "declined", reason: { code: "PAYMENT_UNANSWERED" } });
      shop.gateway.approvePending();
      expect(await shop.stockOf(product.id)).toBe(5);
      expect(chargesOf(order)).toMatchObject([{ status: "voided" }]);
    });

    test("if a product does not exist, and no reservation or charge remains", async () => {
      const product = await shop.addProduct(5);
      const missing = randomUUID();
      const lines = [
        { productId: product.id, quantity: 1 },
        { productId: missing, quantity: 1 },
      ];
      const order = await shop.settled(await buyer().place({ lines }));
      expect(order.reason).toEqual({ code: "UNKNOWN_PRODUCT", message: `There is no product ${missing}.`, productId: missing });
      expect(await shop.stockOf(product.id)).toBe(5);
      expect(chargesOf(order)).toEqual([]);
    });

    test("if the customer has no account", async () => {
      const product = await shop.addProduct(5);
      const lines = [{ productId: product.id, quantity: 1 }];
      const customerId = randomUUID();
      const order = await shop.admin.call.orders.placeFor({ customerId, orderedOn: "1996-07-04", lines });
      expect(await shop.settled(order)).toMatchObject({ status: "declined", reason: { code: "UNKNOWN_CUSTOMER" } });
    });

    test("and their key returns the pending order as before, not a new one", async () => {
      const product = await shop.addProduct(1);
      const key = randomUUID();
      const pending = await place(product.id, 2, key);
      await shop.settled(pending);
      expect(await place(product.id, 2, key)).toEqual(pending);
    });
  });

  test.each([
    ["a reservation", "catalog.stock.reserve"],
    ["a charge", "payments.charge"],
  ])("%s whose answer is lost is asked for again, and made once", async (_, on) => {
    const product = await shop.addProduct(5);
    fail(on, "after", 1);
    const order = await placed(product.id, 2);
    expect(order.status).toBe("confirmed");
    expect(await shop.stockOf(product.id)).toBe(3);
    expect(chargesOf(order)).toMatchObject([{ status: "approved" }]);
  });

  test("stock is given back once although the answer is lost", async () => {
    const product = await shop.addProduct(5);
    shop.gateway.setRules([{ amountCents: 3_000, outcome: "decline" }]);
    fail("catalog.stock.release", "after", 1);
    expect(await placed(product.id, 3)).toMatchObject({ status: "declined" });
    expect(await shop.stockOf(product.id)).toBe(5);
  });

  describe("are watched", () => {
    const statusesOf = async (items: AsyncIterable<{ readonly data: { readonly status: string } }>): Promise<string[]> => {
      const seen: string[] = [];
      for await (const { data } of items) seen.push(data.status);
      return seen;
    };

    test("from their current status, change by change, to their last one", async () => {
      const { id } = await placed((await shop.addProduct(5)).id);
      const changes = buyer().changes({ id })[Symbol.asyncIterator]();
      const first = await changes.next();
      expect(first.value?.data).toMatchObject({ orderId: id, status: "confirmed" });
      await buyer().cancel({ id });
      expect(await statusesOf({ [Symbol.asyncIterator]: () => changes })).toEqual(["cancelling", "cancelled"]);
      expect(await statusesOf(buyer().changes({ id, lastEventId: first.value?.id }))).toEqual(["cancelling", "cancelled"]);
      expect(await statusesOf(buyer().changes({ id }))).toEqual(["cancelled"]);
    });

    test("only by users that may see them", async () => {
      const { id } = await place((await shop.addProduct(5)).id);
      expect(await refusalOf(statusesOf(buyer(ANATR).changes({ id })))).toMatchObject({ code: "NOT_FOUND" });
    });
  });

  describe("belong to their buyer:", () => {
    let orderId: string;
    beforeAll(async () => {
      orderId = (await place((await shop.addProduct(5)).id)).id;
    });

    test("the buyer and an admin see an order", async () => {
      expect((await buyer().get({ id: orderId })).id).toBe(orderId);
      expect((await shop.admin.call.orders.get({ id: orderId })).id).toBe(orderId);
    });

    test("other customers do not find it", async () => {
      expect(await refusalOf(buyer(ANATR).get({ id: orderId }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(buyer(ANATR).cancel({ id: orderId }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(buyer(ANATR).list({ customerId: ALFKI }))).toMatchObject({ code: "NOT_FOUND" });
    });

    test("a list has only the orders of its customer", async () => {
      const own = await buyer(ANATR).list({ limit: 100 });
      expect(own.items.every((order) => order.customerId === ANATR)).toBe(true);
    });

    test("a caller that is not signed in sees no order", async () => {
      expect(await refusalOf(shop.asAnonymous().call.orders.get({ id: orderId }))).toMatchObject({ code: "UNAUTHORIZED" });
    });

    test("only admins change a status or read totals and counts", async () => {
      expect(await refusalOf(buyer().changeStatus({ id: orderId, version: 1, status: "shipped" }))).toMatchObject({ code: "FORBIDDEN" });
      expect(await refusalOf(buyer().totals({}))).toMatchObject({ code: "FORBIDDEN" });
      expect(await refusalOf(buyer().counts({}))).toMatchObject({ code: "FORBIDDEN" });
    });
  });

  describe("change their status:", () => {
    const confirmed = async (quantity = 1) => {
      const product = await shop.addProduct(5);
      return { product, order: await placed(product.id, quantity) };
    };

    test("from confirmed to shipped to delivered", async () => {
      const { order } = await confirmed();
      const shipped = await shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      const delivered = await shop.admin.call.orders.changeStatus({ id: order.id, version: shipped.version, status: "delivered" });
      expect([shipped.status, delivered.status]).toEqual(["shipped", "delivered"]);
    });

    test("but not from confirmed to delivered at once", async () => {
      const { order } = await confirmed();
      const skip = shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "delivered" });
      expect(await refusalOf(skip)).toEqual({ code: "ILLEGAL_STATUS_CHANGE", details: { from: "confirmed", to: "delivered" } });
    });

    test("a stale version gets CONFLICT with the current version", async () => {
      const { order } = await confirmed();
      await shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      const late = shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      expect(await refusalOf(late)).toEqual({ code: "CONFLICT", details: { version: order.version + 1 } });
    });

    test("cancelling gives stock and money back, once, and sends the customer a mail", async () => {
      const { order, product } = await confirmed(2);
      const [first, second] = [await buyer().cancel({ id: order.id }), await buyer().cancel({ id: order.id })];
      expect([first.status, ["cancelling", "cancelled"].includes(second.status)]).toEqual(["cancelling", true]);
      expect(await shop.settled(order)).toMatchObject({ status: "cancelled" });
      expect(await shop.stockOf(product.id)).toBe(5);
      expect(await paymentOf(order)).toMatchObject({ status: "refunded" });
      await shop.until(
        async () => (await shop.admin.call.notifications.list({ orderId: order.id, kind: "orderCancelled", status: "sent" })).total === 1,
      );
    });

    test("cancelling goes on after a fault stopped it", async () => {
      const { order, product } = await confirmed(2);
      fail("catalog.stock.release", "before", 3);
      await buyer().cancel({ id: order.id });
      expect(await shop.settled(order)).toMatchObject({ status: "cancelled" });
      expect(await shop.stockOf(product.id)).toBe(5);
    });

    test("a shipped order cannot be cancelled", async () => {
      const { order } = await confirmed();
      await shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      expect(await refusalOf(buyer().cancel({ id: order.id }))).toEqual({
        code: "ILLEGAL_STATUS_CHANGE",
        details: { from: "shipped", to: "cancelled" },
      });
    });
  });

  test("totals count only sold orders, and counts give the number of orders of each status", async () => {
    const product = await shop.addProduct(50);
    const on = "1971-03-01";
    const lines = [{ productId: product.id, quantity: 7 }];
    const placeOn = async () => shop.settled(await shop.admin.call.orders.placeFor({ customerId: ALFKI, orderedOn: on, lines }));
    const [kept, dropped] = [await placeOn(), await placeOn()];
    await shop.admin.call.orders.cancel({ id: dropped.id });
    await shop.settled(dropped);
    expect(await shop.admin.call.orders.totals({ from: on, to: on })).toEqual({ orders: 1, lines: 1, units: 7, cents: 7_000 });
    expect((await shop.admin.call.orders.counts({ from: on, to: on })).statuses).toEqual([
      { status: "cancelled", orders: 1 },
      { status: "confirmed", orders: 1 },
    ]);
    expect((await shop.admin.call.orders.list({ from: on, to: on, status: "confirmed" })).items).toEqual([kept]);
  });
});
