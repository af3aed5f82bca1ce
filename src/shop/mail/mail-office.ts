import { createMailPage, type MailPage } from "./mail-page.ts";
import type { MailSettings } from "./mail-settings.ts";
import { createMailSink, type MailSink } from "./mail-sink.ts";
import { createSmtpMailer, type Mailer } from "./mailer.ts";

/** Where the page is unless somebody else has the port. */
const USUAL_PAGE_PORT = 3_025;

/** What this machine's own mail server is reached by. */
export interface OpenedMail {
  readonly smtpUrl: string;
  readonly pageUrl: string;
}

/** The way out for mail, and the mail server of this machine where there is no other. */
export interface MailOffice {
  /** Sends from the moment on that the office is open, or at once where a mail server was named. */
  readonly mailer: Mailer;
  /** Starts this machine's mail server and its page. Shape: undefined where a mail server was named. */
  open(): Promise<OpenedMail | undefined>;
  close(): Promise<void>;
}

/** Makes an office; nothing is opened yet. */
export function createMailOffice({ smtpUrl, from, pagePort }: MailSettings, nowMs: () => number): MailOffice {
  let url = smtpUrl;
  let sink: MailSink | undefined;
  let page: MailPage | undefined;
  let smtp: Mailer | undefined;
  const mailer: Mailer = {
    async send(mail) {
      if (url === undefined) throw new ClosedOfficeError();
      smtp ??= createSmtpMailer({ url, from });
      await smtp.send(mail);
    },
    close: () => smtp?.close(),
  };
  return {
    mailer,
    async open() {
      if (smtpUrl !== undefined) return undefined;
      sink = await createMailSink(nowMs);
      page = await openPage(sink, pagePort);
      url = sink.url;
      return { smtpUrl: sink.url, pageUrl: page.url };
    },
    async close() {
      mailer.close();
      await page?.close();
      await sink?.close();
    },
  };
}

/** Nobody opened the office: a bug of who wired it. */
class ClosedOfficeError extends Error {
  override readonly name = "ClosedOfficeError";
}

async function openPage(sink: MailSink, port: number | undefined): Promise<MailPage> {
  if (port !== undefined) return createMailPage(sink, port);
  try {
    return await createMailPage(sink, USUAL_PAGE_PORT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return createMailPage(sink, 0);
  }
}
