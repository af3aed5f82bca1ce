import { setTimeout as sleep } from "node:timers/promises";
import { catalogueError } from "holon";
import { createClient } from "holon/client";
import { TOPOLOGIES } from "holon/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { contracts } from "#contracts";
import { createMailPage, type MailPage } from "../../src/shop/mail/mail-page.ts";
import { readNorthwind } from "../../src/shop/northwind/northwind.ts";
import { FIRST_ADMIN, startTestShop, type TestShop } from "../../src/shop/shop.testing.ts";
import { isComplete } from "./report.ts";
import { EXPECTED, type ReplayResult, runReplay } from "./run-replay.ts";

const data = await readNorthwind();
const PATIENCE_MS = 60_000;

/** Each run places 830 orders; `wire` runs too if HOLON_FAULT_SCALE asks for at least half of the full scale. */
const topologies = TOPOLOGIES.filter((topology) => topology !== "wire" || Number(process.env["HOLON_FAULT_SCALE"] ?? 0.1) >= 0.5);

describe.each(topologies)("the replay, %s", (topology) => {
  let shop: TestShop;
  let page: MailPage;
  beforeAll(async () => {
    shop = await startTestShop(topology);
    page = await createMailPage(shop.mail, 0);
  });
  afterAll(async () => {
    await page.close();
    await shop.close();
  });

  const replay = async (onProgress: (done: number) => void = () => {}): Promise<ReplayResult> => {
    const { token } = await shop.asAnonymous().call.users.signIn(FIRST_ADMIN);
    const client = createClient<typeof contracts>({ url: `${shop.url}/trpc`, batch: false, token });
    return runReplay({
      client,
      data,
      concurrency: 8,
      onProgress,
      onSettled() {},
      mailUrl: page.url,
      patienceMs: PATIENCE_MS,
      nowMs: () => performance.now(),
      sleep: (ms) => sleep(ms),
      random: Math.random,
    });
  };

  test("comes to the known totals although the catalog is away for a while, and stock and money are conserved", { timeout: 600_000 }, async () => {
    const stockBefore = data.products.reduce((sum, product) => sum + product.unitsInStock, 0);
    const error = catalogueError("UNAVAILABLE", "The process went away.");
    const faults: (() => void)[] = [];
    const result = await replay((done) => {
      if (done === 300)
        faults.push(
          shop.fail({ on: "catalog.stock.reserve", error, when: "after", times: 40 }),
          shop.fail({ on: "payments.charge", error, when: "after", times: 20 }),
        );
    });
    expect(isComplete(result), JSON.stringify(result)).toBe(true);
    expect(result.totals).toEqual(EXPECTED);
    expect(faults).toHaveLength(2);

    const products = (await shop.asAnonymous().call.catalog.products.list({ limit: 100 })).items;
    expect(products.reduce((sum, product) => sum + product.stock, 0)).toBe(stockBefore);
    const charged = shop.gateway.charges().filter(({ status }) => status === "approved");
    expect(charged.reduce((sum, charge) => sum + charge.amountCents, 0)).toBe(EXPECTED.cents);
    expect(new Set(shop.mail.mails().map(({ messageId }) => messageId)).size).toBe(EXPECTED.orders);
  });

  test("comes to the same when it is run again", { timeout: 600_000 }, async () => {
    expect((await replay()).totals).toEqual(EXPECTED);
  });
});
