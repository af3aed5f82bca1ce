import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUBLIC_WAYS, type PublicWay, readAnswer, sendWritten } from "../subject/public-call.ts";
import { BlockedTimes } from "./blocked-times.ts";
import { LoopWatch } from "./loop-watch.ts";
import type { Row } from "./row.ts";
import { IDENTITY } from "./rows/identity.ts";
import { PROTOCOL } from "./rows/protocol.ts";
import { TRANSPORT } from "./rows/transport.ts";
import { VALUES } from "./rows/values.ts";
import { type ShopUnderAttack, startShopUnderAttack } from "./shop-under-attack.ts";

/** Text that an answer must not contain, because it shows internals: SQL, stacks, file paths. */
const INSIDE = /\b(?:select|insert into|update)\b.*\bfrom\b|^ {4}at |node_modules|\.ts\b|SyntaxError/im;

const ERROR_BYTES = 16 * 1024;

const blocked = new BlockedTimes();
afterAll(() => console.log(blocked.render()));

describe.each(["together", "apart"] as const)("%s", (topology) => {
  let under: ShopUnderAttack;
  beforeAll(async () => {
    under = await startShopUnderAttack(topology);
  });
  afterAll(() => under.close());

  describe.each([
    ["transport", TRANSPORT],
    ["protocol", PROTOCOL],
    ["values", VALUES],
    ["identity", IDENTITY],
  ] as const)("%s", (kind, rows) => {
    describe.each(PUBLIC_WAYS)("by %s", (way) => {
      for (const row of rows.filter(({ requests }) => requests[way] !== undefined)) {
        it(`${row.name} gets a short answer with ${row.status} ${row.code}, and has no effect`, async () => {
          under.entries.forget();
          const { answer, blockedMs } = await send(under, way, row);
          blocked.note(`${kind}: ${row.name}`, `${way} ${topology}`, blockedMs);
          expect({ status: answer.status, code: answer.code }, answer.text.slice(0, 500)).toEqual({ status: row.status, code: row.code });
          expect(answer.text).toContain(row.says);
          expect(answer.text).not.toMatch(INSIDE);
          expect(Buffer.byteLength(answer.text)).toBeLessThanOrEqual(ERROR_BYTES);
          expect(under.entries.total).toBe(row.entered);
          expect(await under.rows.changes()).toEqual({});
          expect(await next(under, way)).toBe(200);
        });
      }
    });
  });
});

async function send({ shop, facts, headersOf }: ShopUnderAttack, way: PublicWay, { as, requests }: Row) {
  const request = requests[way]?.(facts);
  if (request === undefined) throw new TypeError(`no request by ${way}`);
  const whole = { ...request, headers: { ...headersOf(as), ...request.headers } };
  const watch = new LoopWatch();
  const answer = readAnswer(way, await sendWritten(shop.url, whole));
  return { answer, blockedMs: watch.stop() };
}

/** The status of a valid request. */
async function next({ shop }: ShopUnderAttack, way: PublicWay): Promise<number> {
  const path = way === "trpc" ? "/trpc/catalog.categories.list" : "/categories";
  return (await sendWritten(shop.url, { method: "GET", path, headers: {} })).status;
}
