import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMailPage, type MailPage } from "./mail-page.ts";
import { createMailSink, type MailSink } from "./mail-sink.ts";
import { createSmtpMailer, type Mailer } from "./mailer.ts";

const { signal } = new AbortController();
const MAIL = { messageId: "<1@shop.test>", to: "alfki@example.test", subject: "Your order", text: "Dear María,\n\nit is <b>here</b>.\n", signal };

describe("mail by SMTP", () => {
  let sink: MailSink;
  let mailer: Mailer;
  let page: MailPage;
  beforeEach(async () => {
    sink = await createMailSink(Date.now);
    mailer = createSmtpMailer({ url: sink.url, from: "shop@example.test" });
    page = await createMailPage(sink, 0);
  });
  afterEach(async () => {
    mailer.close();
    await page.close();
    await sink.close();
  });

  test("arrives as it was sent", async () => {
    await mailer.send(MAIL);
    const { messageId, to, subject, text } = MAIL;
    expect(sink.mails()).toMatchObject([{ messageId, to, subject, text }]);
  });

  test("arrives if many mails are sent at once", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `<${index}@shop.test>`);
    await Promise.all(ids.map((messageId) => mailer.send({ ...MAIL, messageId })));
    expect(new Set(sink.mails().map((mail) => mail.messageId))).toEqual(new Set(ids));
  });

  test("fails if no server listens", async () => {
    await sink.close();
    await expect(mailer.send(MAIL)).rejects.toMatchObject({ code: "ESOCKET" });
  });

  test("is not sent for a caller that does not wait any more", async () => {
    await expect(mailer.send({ ...MAIL, signal: AbortSignal.abort(new RangeError("late")) })).rejects.toThrow("late");
    expect(sink.mails()).toEqual([]);
  });

  test("is shown to people as text, and to programs as JSON", async () => {
    await mailer.send(MAIL);
    const html = await (await fetch(page.url)).text();
    expect(html).toContain("it is &lt;b&gt;here&lt;/b&gt;");
    expect(await (await fetch(`${page.url}.json`)).json()).toEqual({ since: sink.since, mails: sink.mails() });
  });
});
