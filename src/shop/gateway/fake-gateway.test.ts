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
  test("approves a charge if no rule fits", async () => {
    const gateway = createFakeGateway(Date.now, [{ amountCents: 1, outcome: "decline" }]);
    expect(await gateway.charge(request("a"))).toEqual({ outcome: "approved" });
  });

  test("declines by rule, with its reason", async () => {
    const gateway = createFakeGateway(Date.now, [{ amountCents: 100, outcome: "decline", reason: "no funds" }]);
    expect(await gateway.charge(request("a"))).toEqual({ outcome: "declined", reason: "no funds" });
  });

  test("charges once a key", async () => {
    const gateway = createFakeGateway(Date.now);
    await gateway.charge(request("a"));
    await gateway.charge(request("a"));
    expect(gateway.charges()).toHaveLength(1);
  });

  test("hangs by a rule until the caller stops waiting", async () => {
    const gateway = createFakeGateway(Date.now, [{ outcome: "hang" }]);
    const controller = new AbortController();
    const charge = gateway.charge(request("a", controller.signal));
    controller.abort(new RangeError("enough"));
    await expect(charge).rejects.toThrow("enough");
  });

  test("takes nothing under a key that was refunded before", async () => {
    const gateway = createFakeGateway(Date.now);
    await gateway.refund(request("a"));
    expect(await gateway.charge(request("a"))).toMatchObject({ outcome: "declined" });
  });

  test("takes nothing for a hanging charge that was refunded before the bank approved", async () => {
    const gateway = createFakeGateway(Date.now, [{ outcome: "hang" }]);
    const controller = new AbortController();
    const charge = gateway.charge(request("a", controller.signal));
    controller.abort(new RangeError("enough"));
    await charge.catch(() => {});
    await gateway.refund(request("a"));
    gateway.approvePending();
    expect(gateway.charges()).toMatchObject([{ key: "a", status: "voided" }]);
  });

  describe("with a bank that is late", () => {
    const late = () => {
      let nowMs = 0;
      const gateway = createFakeGateway(() => nowMs, [{ outcome: "late", afterMs: 5_000 }]);
      const pass = (ms: number): void => {
        nowMs += ms;
      };
      return { gateway, pass };
    };
    const chargeInDoubt = async (gateway: ReturnType<typeof late>["gateway"]) => {
      const controller = new AbortController();
      const charge = gateway.charge(request("a", controller.signal));
      controller.abort(new RangeError("enough"));
      await charge.catch(() => {});
    };

    test("approves although no caller waits", async () => {
      const { gateway, pass } = late();
      await chargeInDoubt(gateway);
      expect(await gateway.find(request("a"))).toEqual({ status: "pending", amountCents: 100 });
      pass(5_000);
      expect(await gateway.find(request("a"))).toMatchObject({ status: "approved" });
    });

    test("approves after a refund, which must be done again", async () => {
      const { gateway, pass } = late();
      await chargeInDoubt(gateway);
      pass(4_000);
      await gateway.refund(request("a"));
      pass(4_999);
      await gateway.refund(request("a"));
      expect(gateway.charges()).toMatchObject([{ status: "pending" }]);
      pass(1);
      expect(gateway.charges()).toMatchObject([{ status: "approved" }]);
      await gateway.refund(request("a"));
      expect(gateway.charges()).toMatchObject([{ status: "refunded" }]);
    });
  });
});
