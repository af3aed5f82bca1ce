import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { redactText } from "../../src/holon/observe/redaction.ts";
import { sendWritten } from "../subject/public-call.ts";
import { BlockedTimes } from "./blocked-times.ts";
import { type LongText, longBodies, longHeaders, longUrls, STRING_LENGTH, shapes } from "./long-texts.ts";
import { LoopWatch } from "./loop-watch.ts";
import { type ShopUnderAttack, startShopUnderAttack } from "./shop-under-attack.ts";

const blocked = new BlockedTimes();
afterAll(() => console.log(blocked.render()));

describe("the longest texts that a client can send", () => {
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
    "are answered as a %s, in every shape",
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

/** The formats of zod with which contracts accept texts. */
const FORMATS: Readonly<Record<string, z.ZodType>> = {
  ...{ email: z.email(), url: z.url(), httpUrl: z.httpUrl(), hostname: z.hostname(), uuid: z.uuid(), guid: z.guid(), emoji: z.emoji(), jwt: z.jwt() },
  ...{
    base64: z.base64(),
    base64url: z.base64url(),
    nanoid: z.nanoid(),
    cuid: z.cuid(),
    cuid2: z.cuid2(),
    ulid: z.ulid(),
    xid: z.xid(),
    ksuid: z.ksuid(),
  },
  ...{ ipv4: z.ipv4(), ipv6: z.ipv6(), cidrv4: z.cidrv4(), cidrv6: z.cidrv6(), e164: z.e164(), hex: z.hex(), mac: z.mac() },
  ...{ date: z.iso.date(), time: z.iso.time(), datetime: z.iso.datetime({ offset: true, local: true }), duration: z.iso.duration() },
  ...{
    trimmed: z.string().trim().toLowerCase().max(200),
    bounded: z.string().min(1).max(200),
    html5Email: z.email({ pattern: z.regexes.html5Email }),
  },
  ...{ rfc5322Email: z.email({ pattern: z.regexes.rfc5322Email }), unicodeEmail: z.email({ pattern: z.regexes.unicodeEmail }) },
};

describe("texts of every shape", () => {
  it.each(Object.keys(FORMATS))("are checked against the format %s, at the greatest length of a string", (name) => {
    const format = FORMATS[name] as z.ZodType;
    for (const { name: shape, text } of shapes(STRING_LENGTH))
      blocked.note(
        `${name}: ${shape}`,
        "format",
        held(() => format.safeParse(text)),
      );
    expect(format.safeParse("\0".repeat(300)).success).toBe(false);
  });

  it("are written to the log without secrets, cut to the length of a line", () => {
    for (const { name: shape, text } of shapes(STRING_LENGTH)) {
      const ms = held(() => {
        expect(redactText(text).length).toBeLessThan(STRING_LENGTH);
      });
      blocked.note(`log line: ${shape}`, "log", ms);
    }
  });
});

/** The CPU time of a function call, in milliseconds. */
function held(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

async function send({ shop }: ShopUnderAttack, request: LongText["request"]) {
  const watch = new LoopWatch();
  const { status } = await sendWritten(shop.url, request).catch((error: NodeJS.ErrnoException) => {
    // The server closes the socket while a bad head is still being sent.
    if (error.code === "ECONNRESET" || error.code === "EPIPE") return { status: 400 };
    throw error;
  });
  return { status, blockedMs: watch.stop() };
}
