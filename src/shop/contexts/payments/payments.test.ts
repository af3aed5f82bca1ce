import { randomUUID } from "node:crypto";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ALFKI, refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

const PATIENCE_MS = 300;

describe.each(TOPOLOGIES)("the payments context, %s", (topology) => {
  let shop: TestShop;
  let orderId: string;
  beforeAll(async () => {
    shop = await startTestShop(topology, { gatewayPatienceMs: PATIENCE_MS });
  });
  afterAll(() => shop.close());
  beforeEach(() => {
    shop.gateway.setRules([]);
    orderId = randomUUID();
  });

  const payments = () => shop.asSystem("orders").call.payments;
  const charge = (amountCents = 100) => payments().charge({ orderId, customerId: ALFKI, amountCents });
  const refund = () => payments().refund({ orderId });
  const atGateway = () => shop.gateway.charges().filter((each) => each.key === orderId);
  const statusIs = (status: string) => shop.until(async () => (await shop.admin.call.payments.get({ orderId })).status === status);

  test("takes the money of an order once", async () => {
    await charge();
    expect(await charge()).toMatchObject({ status: "approved", amountCents: 100 });
    expect(atGateway()).toMatchObject([{ status: "approved" }]);
  });

  test("takes the money of an order once for ten calls at once", async () => {
    await Promise.all(Array.from({ length: 10 }, () => charge()));
    expect(atGateway()).toMatchObject([{ status: "approved" }]);
  });

  test("refuses another amount for an order that is paid, and keeps what was paid", async () => {
    await charge();
    expect(await refusalOf(charge(250))).toMatchObject({ code: "CONFLICT" });
    expect(atGateway()).toMatchObject([{ status: "approved", amountCents: 100 }]);
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

  test("refuses the charge of an order that was refunded before the charge came", async () => {
    expect(await refund()).toEqual({ refunded: false });
    expect(await refusalOf(charge())).toMatchObject({ code: "CONFLICT" });
    expect(atGateway()).toMatchObject([{ status: "voided", amountCents: 0 }]);
  });

  test("refuses to charge an order again after its refund", async () => {
    await charge();
    await refund();
    expect(await refusalOf(charge())).toMatchObject({ code: "CONFLICT" });
  });

  test("reports a charge that the gateway does not answer, and voids it at the refund", async () => {
    shop.gateway.setRules([{ outcome: "hang" }]);
    expect(await charge()).toMatchObject({ status: "unanswered" });
    expect(await refund()).toEqual({ refunded: false });
    expect(atGateway()).toMatchObject([{ status: "voided" }]);
  });

  test("gives back what the bank approves after the refund", async () => {
    shop.gateway.setRules([{ outcome: "late", afterMs: 1_500 }]);
    expect(await charge()).toMatchObject({ status: "unanswered" });
    await refund();
    expect(atGateway()).toMatchObject([{ status: "pending" }]);
    await statusIs("refunded");
    expect(atGateway()).toMatchObject([{ status: "refunded", amountCents: 100 }]);
  });

  test("gives back money that the bank approved when no caller waited any more", async () => {
    shop.gateway.setRules([{ outcome: "late", afterMs: 0 }]);
    expect(await charge()).toMatchObject({ status: "unanswered" });
    await refund();
    await statusIs("refunded");
    expect(atGateway()).toMatchObject([{ status: "refunded" }]);
  });

  test("lists payments only for admins", async () => {
    await charge();
    const { items } = await shop.admin.call.payments.list({ customerId: ALFKI, status: "approved", limit: 100 });
    expect(items.map((payment) => payment.orderId)).toContain(orderId);
    expect(await refusalOf(shop.asUser(ALFKI, "user").call.payments.list({}))).toMatchObject({ code: "FORBIDDEN" });
  });
});
