import { describe, expect, test } from "vitest";
import { createFakeGateway } from "./fake-gateway.ts";

const request = (key: string, signal: AbortSignal = new AbortController().signal) => ({
  key,
  orderId: "order",
  customerId: "customer",
  amountCents: 100,
  signal,
});

describe("the fake gateway", () => {
  test("approves where no rule fits", async () => {
    const gateway = createFakeGateway([{ amountCents: 1, outcome: "decline" }]);
    expect(await gateway.charge(request("a"))).toEqual({ outcome: "approved" });
  });

  test("declines by rule, with its reason", async () => {
    const gateway = createFakeGateway([{ amountCents: 100, outcome: "decline", reason: "no funds" }]);
    expect(await gateway.charge(request("a"))).toEqual({ outcome: "declined", reason: "no funds" });
  });

  test("charges once a key", async () => {
    const gateway = createFakeGateway();
    await gateway.charge(request("a"));
    await gateway.charge(request("a"));
    expect(gateway.charges()).toHaveLength(1);
  });

  test("hangs until the caller stops waiting", async () => {
    const gateway = createFakeGateway([{ outcome: "hang" }]);
    const controller = new AbortController();
    const charge = gateway.charge(request("a", controller.signal));
    controller.abort(new RangeError("enough"));
    await expect(charge).rejects.toThrow("enough");
  });

  test("takes nothing under a key that was refunded before", async () => {
    const gateway = createFakeGateway();
    await gateway.refund(request("a"));
    expect(await gateway.charge(request("a"))).toMatchObject({ outcome: "declined" });
  });

  test("takes nothing for a hanging charge that was refunded before the bank approved", async () => {
    const gateway = createFakeGateway([{ outcome: "hang" }]);
    const controller = new AbortController();
    const charge = gateway.charge(request("a", controller.signal));
    controller.abort(new RangeError("enough"));
    await charge.catch(() => {});
    await gateway.refund(request("a"));
    gateway.approvePending();
    expect(gateway.charges()).toMatchObject([{ key: "a", status: "voided" }]);
  });
});
