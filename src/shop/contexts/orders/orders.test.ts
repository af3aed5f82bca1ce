import { randomUUID } from "node:crypto";
import { catalogueError } from "holon";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ALFKI, ANATR, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

/** A crowd on a busy machine takes its time; what is tested is who gets what, not when. */
const PATIENT = { deadlineMs: 60_000, greatestDeadlineMs: 60_000, poolWaitMs: 60_000, lockTimeoutMs: 30_000 };

describe.each(TOPOLOGIES)("orders, %s", (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology, { limits: PATIENT });
  });
  afterAll(() => shop.close());
  beforeEach(() => shop.gateway.setRules([]));

  const faults: (() => void)[] = [];
  const fail = (on: string, when: "before" | "after" = "before") =>
    faults.push(shop.fail({ on, when, error: catalogueError("UNAVAILABLE", "The process went away.") }));
  const heal = () => {
    for (const lift of faults.splice(0)) lift();
  };
  afterEach(heal);

  const buyer = (id = ALFKI) => shop.asUser(id, "user").call.orders;

  test("placing takes stock and money, and tells the customer", async () => {
    const product = await shop.addProduct(5);
    const order = await buyer().place({ lines: [{ productId: product.id, quantity: 2 }] });
    expect(order).toMatchObject({
      customerId: ALFKI,
      status: "confirmed",
      totalCents: 2_000,
      lines: [{ productId: product.id, unitPriceCents: 1_000 }],
    });
    expect(await shop.stockOf(product.id)).toBe(3);
    expect(await shop.admin.call.payments.get({ orderId: order.id })).toMatchObject({ status: "approved", amountCents: 2_000 });
    expect(await shop.admin.call.notifications.list({ orderId: order.id })).toMatchObject({ total: 1, items: [{ recipient: "alfki@example.test" }] });
  });

  test("keeps the price of the day that it was placed", async () => {
    const { id, version, ...facts } = await shop.addProduct(5);
    const order = await buyer().place({ lines: [{ productId: id, quantity: 1 }] });
    await shop.admin.call.catalog.products.patch({ id, version, priceCents: facts.priceCents + 1 });
    expect(await buyer().get({ id: order.id })).toEqual(order);
  });

  test("one key twenty times at once places one order", async () => {
    const product = await shop.addProduct(50);
    const key = randomUUID();
    const place = () => buyer().place({ lines: [{ productId: product.id, quantity: 1 }] }, { key });
    const orders = await Promise.all(Array.from({ length: 20 }, place));
    expect(new Set(orders.map((order) => order.id)).size).toBe(1);
    expect(await shop.stockOf(product.id)).toBe(49);
  });

  test("fifty buyers of the last item: one gets it, the others are told", async () => {
    const product = await shop.addProduct(1);
    const codes = await Promise.all(Array.from({ length: 50 }, () => refusalOf(buyer().place({ lines: [{ productId: product.id, quantity: 1 }] }))));
    expect(codes.map(({ code }) => code).sort()).toEqual(["OK", ...Array.from({ length: 49 }, () => "OUT_OF_STOCK")]);
    expect(await shop.stockOf(product.id)).toBe(0);
  });

  test("a declined payment gives the stock back and says why", async () => {
    const product = await shop.addProduct(5);
    shop.gateway.setRules([{ amountCents: 3_000, outcome: "decline", reason: "no funds" }]);
    const refusal = await refusalOf(buyer().place({ lines: [{ productId: product.id, quantity: 3 }] }));
    expect(refusal).toEqual({ code: "PAYMENT_DECLINED", details: { reason: "no funds" } });
    expect(await shop.stockOf(product.id)).toBe(5);
  });

  test("a declined payment can be tried again with the same key", async () => {
    const product = await shop.addProduct(5);
    const key = randomUUID();
    const place = () => buyer().place({ lines: [{ productId: product.id, quantity: 3 }] }, { key });
    shop.gateway.setRules([{ amountCents: 3_000, outcome: "decline" }]);
    expect(await refusalOf(place())).toMatchObject({ code: "PAYMENT_DECLINED" });
    shop.gateway.setRules([]);
    expect(await place()).toMatchObject({ status: "confirmed" });
    expect(await shop.stockOf(product.id)).toBe(2);
  });

  test("a payment that hangs gives the stock back, and takes no money when the bank approves late", async () => {
    const product = await shop.addProduct(5);
    shop.gateway.setRules([{ amountCents: 4_000, outcome: "hang" }]);
    const place = buyer().place({ lines: [{ productId: product.id, quantity: 4 }] }, { deadlineMs: 8_000 });
    expect(await refusalOf(place)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    shop.gateway.approvePending();
    expect(await shop.stockOf(product.id)).toBe(5);
    const charges = shop.gateway.charges().filter(({ amountCents }) => amountCents === 4_000);
    expect(new Set(charges.map(({ status }) => status))).toEqual(new Set(["voided"]));
  });

  test("an order of what is not there leaves nothing behind", async () => {
    const product = await shop.addProduct(5);
    const missing = randomUUID();
    const lines = [
      { productId: product.id, quantity: 1 },
      { productId: missing, quantity: 1 },
    ];
    expect(await refusalOf(buyer().place({ lines }))).toEqual({ code: "UNKNOWN_PRODUCT", details: { productId: missing } });
    expect(await shop.stockOf(product.id)).toBe(5);
  });

  test("a reservation whose answer is lost is given back", async () => {
    const product = await shop.addProduct(5);
    fail("catalog.stock.reserve", "after");
    expect(await refusalOf(buyer().place({ lines: [{ productId: product.id, quantity: 1 }] }))).toMatchObject({ code: "UNAVAILABLE" });
    expect(await shop.stockOf(product.id)).toBe(5);
  });

  test.each([
    ["the catalog", "catalog.stock.reserve", "catalog.stock.release"],
    ["payments", "payments.charge", "payments.refund"],
  ])("what was done when %s went away is met again with the same key", async (_, step, undo) => {
    const product = await shop.addProduct(5);
    const key = randomUUID();
    const place = () => buyer().place({ lines: [{ productId: product.id, quantity: 2 }] }, { key });
    fail(step, "after");
    fail(undo);
    expect(await refusalOf(place())).toMatchObject({ code: "UNAVAILABLE" });
    heal();
    const order = await place();
    expect(await shop.stockOf(product.id)).toBe(3);
    expect(shop.gateway.charges().filter(({ orderId }) => orderId === order.id)).toMatchObject([{ status: "approved" }]);
    await buyer().cancel({ id: order.id });
    expect(await shop.stockOf(product.id)).toBe(5);
    expect(shop.gateway.charges().filter(({ orderId }) => orderId === order.id)).toMatchObject([{ status: "refunded" }]);
  });

  test("an order is placed though nobody can be told", async () => {
    const product = await shop.addProduct(5);
    fail("notifications");
    expect(await buyer().place({ lines: [{ productId: product.id, quantity: 1 }] })).toMatchObject({ status: "confirmed" });
  });

  test("an admin places for a customer, with a date of his choice", async () => {
    const product = await shop.addProduct(5);
    const order = await shop.admin.call.orders.placeFor({
      customerId: ANATR,
      orderedOn: "1996-07-04",
      lines: [{ productId: product.id, quantity: 1 }],
    });
    expect(order).toMatchObject({ customerId: ANATR, orderedOn: "1996-07-04" });
  });

  test("nobody places for somebody who has no account", async () => {
    const product = await shop.addProduct(5);
    const customerId = randomUUID();
    const lines = [{ productId: product.id, quantity: 1 }];
    expect(await refusalOf(shop.admin.call.orders.placeFor({ customerId, orderedOn: "1996-07-04", lines }))).toEqual({
      code: "UNKNOWN_CUSTOMER",
      details: { customerId },
    });
    expect(await refusalOf(buyer(customerId).place({ lines }))).toMatchObject({ code: "UNKNOWN_CUSTOMER" });
  });

  describe("belong to somebody", () => {
    let orderId: string;
    beforeAll(async () => {
      const product = await shop.addProduct(5);
      orderId = (await buyer().place({ lines: [{ productId: product.id, quantity: 1 }] })).id;
    });

    test("the buyer and an admin see an order", async () => {
      expect((await buyer().get({ id: orderId })).id).toBe(orderId);
      expect((await shop.admin.call.orders.get({ id: orderId })).id).toBe(orderId);
    });

    test("to others it is not there", async () => {
      expect(await refusalOf(buyer(ANATR).get({ id: orderId }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(buyer(ANATR).cancel({ id: orderId }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await refusalOf(buyer(ANATR).list({ customerId: ALFKI }))).toMatchObject({ code: "NOT_FOUND" });
    });

    test("a list holds one's own", async () => {
      const own = await buyer(ANATR).list({ limit: 100 });
      expect(own.items.every((order) => order.customerId === ANATR)).toBe(true);
    });

    test("nobody sees any without signing in", async () => {
      expect(await refusalOf(shop.asAnonymous().call.orders.get({ id: orderId }))).toMatchObject({ code: "UNAUTHORIZED" });
    });

    test("only admins change a status or read the totals", async () => {
      expect(await refusalOf(buyer().changeStatus({ id: orderId, version: 1, status: "shipped" }))).toMatchObject({ code: "FORBIDDEN" });
      expect(await refusalOf(buyer().totals({}))).toMatchObject({ code: "FORBIDDEN" });
    });
  });

  describe("move along", () => {
    const placed = async (quantity = 1) => {
      const product = await shop.addProduct(5);
      return { product, order: await buyer().place({ lines: [{ productId: product.id, quantity }] }) };
    };

    test("from confirmed to shipped to delivered", async () => {
      const { order } = await placed();
      const shipped = await shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      const delivered = await shop.admin.call.orders.changeStatus({ id: order.id, version: shipped.version, status: "delivered" });
      expect([shipped.status, delivered.status]).toEqual(["shipped", "delivered"]);
    });

    test("and nowhere else", async () => {
      const { order } = await placed();
      const skip = shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "delivered" });
      expect(await refusalOf(skip)).toEqual({ code: "ILLEGAL_STATUS_CHANGE", details: { from: "confirmed", to: "delivered" } });
    });

    test("a stale version answers CONFLICT with the version of now", async () => {
      const { order } = await placed();
      await shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      const late = shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      expect(await refusalOf(late)).toEqual({ code: "CONFLICT", details: { version: order.version + 1 } });
    });

    test("cancelling gives stock and money back, once", async () => {
      const { order, product } = await placed(2);
      await buyer().cancel({ id: order.id });
      expect((await buyer().cancel({ id: order.id })).status).toBe("cancelled");
      expect(await shop.stockOf(product.id)).toBe(5);
      expect(await shop.admin.call.payments.get({ orderId: order.id })).toMatchObject({ status: "refunded" });
    });

    test("cancelling goes on where a fault stopped it", async () => {
      const { order, product } = await placed(2);
      fail("catalog");
      expect(await refusalOf(buyer().cancel({ id: order.id }))).toMatchObject({ code: "UNAVAILABLE" });
      heal();
      expect((await buyer().get({ id: order.id })).status).toBe("cancelling");
      expect((await buyer().cancel({ id: order.id })).status).toBe("cancelled");
      expect(await shop.stockOf(product.id)).toBe(5);
    });

    test("what is shipped cannot be cancelled", async () => {
      const { order } = await placed();
      await shop.admin.call.orders.changeStatus({ id: order.id, version: order.version, status: "shipped" });
      expect(await refusalOf(buyer().cancel({ id: order.id }))).toEqual({
        code: "ILLEGAL_STATUS_CHANGE",
        details: { from: "shipped", to: "cancelled" },
      });
    });
  });

  test("totals count what is not cancelled", async () => {
    const product = await shop.addProduct(50);
    const on = "1971-03-01";
    const lines = [{ productId: product.id, quantity: 7 }];
    const kept = await shop.admin.call.orders.placeFor({ customerId: ALFKI, orderedOn: on, lines });
    const dropped = await shop.admin.call.orders.placeFor({ customerId: ALFKI, orderedOn: on, lines });
    await shop.admin.call.orders.cancel({ id: dropped.id });
    expect(await shop.admin.call.orders.totals({ from: on, to: on })).toEqual({ orders: 1, lines: 1, units: 7, cents: 7_000 });
    expect((await shop.admin.call.orders.list({ from: on, to: on, status: "confirmed" })).items).toEqual([kept]);
  });
});
