import { createMailPage, type MailPage } from "./mail-page.ts";
import type { MailSettings } from "./mail-settings.ts";
import { createMailSink, type MailSink } from "./mail-sink.ts";
import { createSmtpMailer, type Mailer } from "./mailer.ts";

/** The usual port of the page; if it is taken, a free one is used. */
const USUAL_PAGE_PORT = 3_025;

/** The addresses of this machine's own mail server. */
export interface OpenedMail {
  readonly smtpUrl: string;
  readonly pageUrl: string;
}

/** Sends mail: through the configured mail server, or through a mail server of this machine if none is configured. */
export interface MailOffice {
  /** If a mail server is configured, the mailer can send at once; if not, it can send when `open` has resolved. */
  readonly mailer: Mailer;
  /** Starts this machine's mail server and its page. Shape: undefined if a mail server is configured. */
  open(): Promise<OpenedMail | undefined>;
  close(): Promise<void>;
}

/** Makes an office. It opens nothing until `open` is called. */
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

/** A mail was sent before the office was opened: a bug in the wiring. */
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
