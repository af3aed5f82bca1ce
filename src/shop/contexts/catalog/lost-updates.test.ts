import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusalOf, startTestShop, type TestShop } from "../../shop.testing.ts";

const WRITERS = 50;
const INCREMENTS = Math.max(1, Math.round(100 * Number(process.env["HOLON_FAULT_SCALE"] ?? 0.1)));

/** Many calls at once take long on a busy machine; the test checks what is written, not when. */
const PATIENT = { deadlineMs: 60_000, greatestDeadlineMs: 60_000, poolWaitMs: 60_000, poolWaitingCount: 1_000, lockTimeoutMs: 30_000 };

describe.each(["together", "apart"] as const)("50 writers that read, add and write, %s", { timeout: 300_000 }, (topology) => {
  let shop: TestShop;
  beforeAll(async () => {
    shop = await startTestShop(topology, { limits: PATIENT });
  });
  afterAll(() => shop.close());

  test("lose no update: the sum is the number of OKs, and the others got CONFLICT with the version of that time", async () => {
    const { id, priceCents, version } = await shop.addProduct(1);
    const { products } = shop.admin.call.catalog;
    const codes: string[] = [];
    const behind: boolean[] = [];
    const write = async (): Promise<void> => {
      for (let turn = 0; turn < INCREMENTS; turn++) {
        const read = await products.get({ id });
        const { code, details } = await refusalOf(products.patch({ id, version: read.version, priceCents: read.priceCents + 1 }));
        codes.push(code);
        if (code === "CONFLICT") behind.push((details as { version: number }).version > read.version);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));

    const okCount = codes.filter((code) => code === "OK").length;
    expect(codes.length).toBe(WRITERS * INCREMENTS);
    expect(new Set(codes)).toEqual(new Set(["OK", "CONFLICT"]));
    expect(behind.every(Boolean)).toBe(true);
    expect(await products.get({ id })).toMatchObject({ priceCents: priceCents + okCount, version: version + okCount });
  });
});
