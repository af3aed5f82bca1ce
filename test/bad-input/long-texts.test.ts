import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendWritten } from "../subject/public-call.ts";
import { BlockedTimes } from "./blocked-times.ts";
import { type LongText, longBodies, longHeaders, longUrls } from "./long-texts.ts";
import { LoopWatch } from "./loop-watch.ts";
import { type ShopUnderAttack, startShopUnderAttack } from "./shop-under-attack.ts";

const blocked = new BlockedTimes();
afterAll(() => console.log(blocked.render()));

describe("the longest texts that the outside can send", () => {
  let under: ShopUnderAttack;
  beforeAll(async () => {
    under = await startShopUnderAttack("together");
  });
  afterAll(() => under.close());

  it.each([
    ["header", longHeaders],
    ["URL", longUrls],
    ["body", longBodies],
  ] as const)(
    "as a %s are answered, whatever their shape",
    async (kind, texts) => {
      const unanswered: string[] = [];
      for (const { name, request } of texts()) {
        const { status, blockedMs } = await send(under, request);
        blocked.note(name, kind, blockedMs);
        if (status >= 500) unanswered.push(`${status} ${name}`);
      }
      expect(unanswered).toEqual([]);
    },
    600_000,
  );
});

async function send({ shop }: ShopUnderAttack, request: LongText["request"]) {
  const watch = new LoopWatch();
  const { status } = await sendWritten(shop.url, request).catch((error: NodeJS.ErrnoException) => {
    // A socket that is closed while a bad head is still being sent.
    if (error.code === "ECONNRESET" || error.code === "EPIPE") return { status: 400 };
    throw error;
  });
  return { status, blockedMs: watch.stop() };
}
