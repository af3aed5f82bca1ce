import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ALFKI, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

describe.each(TOPOLOGIES)("payments, %s", (topology) => {
  let shop: TestShop;
  let orderId: string;
  let attempt: string;
  beforeAll(async () => {
    shop = await startTestShop(topology);
  });
  afterAll(() => shop.close());
  beforeEach(() => {
    shop.gateway.setRules([]);
    orderId = randomUUID();
    attempt = randomUUID();
  });

  const payments = () => shop.asSystem("orders").call.payments;
  const charge = (amountCents = 100, of = attempt) => payments().charge({ orderId, attempt: of, customerId: ALFKI, amountCents });
  const refund = (of = attempt) => payments().refund({ orderId, attempt: of });
  const atGateway = () => shop.gateway.charges().filter((each) => each.orderId === orderId);

  test("takes the money of one attempt once", async () => {
    await charge();
    expect(await charge()).toMatchObject({ status: "approved", amountCents: 100 });
    expect(atGateway()).toMatchObject([{ status: "approved" }]);
  });

  test("takes the money once for two attempts at one order", async () => {
    await charge();
    await charge(100, randomUUID());
    expect(atGateway()).toMatchObject([{ status: "approved" }]);
  });

  test("takes the new amount, and gives the old one back, where an order's price changed", async () => {
    await charge();
    await charge(250, randomUUID());
    expect(atGateway().map(({ amountCents, status }) => [amountCents, status])).toEqual([
      [100, "refunded"],
      [250, "approved"],
    ]);
  });

  test("writes down why a payment was declined", async () => {
    shop.gateway.setRules([{ outcome: "decline", reason: "no funds" }]);
    expect(await charge()).toMatchObject({ status: "declined", reason: "no funds" });
    expect(await shop.admin.call.payments.get({ orderId })).toMatchObject({ status: "declined", reason: "no funds" });
  });

  test("gives money back once", async () => {
    await charge();
    expect(await refund()).toEqual({ refunded: true });
    await refund();
    expect(atGateway()).toMatchObject([{ status: "refunded" }]);
  });

  test("refuses the charge of an attempt that was called off before it came", async () => {
    expect(await refund()).toEqual({ refunded: false });
    expect(await refusalOf(charge())).toMatchObject({ code: "CONFLICT" });
    expect(atGateway()).toEqual([]);
  });

  test("charges for a new attempt after an earlier one was called off", async () => {
    await charge();
    await refund();
    expect(await charge(100, randomUUID())).toMatchObject({ status: "approved" });
  });

  test("keeps the money where an attempt that was overtaken asks for it back", async () => {
    await charge();
    await charge(100, randomUUID());
    expect(await refund()).toEqual({ refunded: false });
    expect(atGateway()).toMatchObject([{ status: "approved" }]);
  });

  test("lists payments for admins, and for nobody else", async () => {
    await charge();
    const { items } = await shop.admin.call.payments.list({ customerId: ALFKI, status: "approved", limit: 100 });
    expect(items.map((payment) => payment.orderId)).toContain(orderId);
    expect(await refusalOf(shop.asUser(ALFKI, "user").call.payments.list({}))).toMatchObject({ code: "FORBIDDEN" });
  });
});
