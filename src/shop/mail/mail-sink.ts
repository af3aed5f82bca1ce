import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream } from "smtp-server";
import { type ParsedMail, parseMail } from "./parse-mail.ts";

/** A received mail. */
export interface ReceivedMail extends ParsedMail {
  readonly receivedAt: string;
}

/** A real mail server that keeps the mail that it receives, for development and tests. */
export interface MailSink {
  /** The address, in the form of `SMTP_URL`. */
  readonly url: string;
  /** When the server started to keep mail. */
  readonly since: string;
  /** The received mails, the newest first. */
  mails(): readonly ReceivedMail[];
  close(): Promise<void>;
}

/** The most mails that are kept; the oldest is removed first. */
const GREATEST_COUNT = 5_000;
const GREATEST_BYTES = 256 * 1024;

/** Starts a mail server on a free port of this machine. `nowMs` is the wall clock. */
export async function createMailSink(nowMs: () => number): Promise<MailSink> {
  const mails: ReceivedMail[] = [];
  const timeOfDay = (): string => new Date(nowMs()).toISOString();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: GREATEST_BYTES,
    onData(stream, _session, answer) {
      readAll(stream).then((raw) => {
        if (stream.sizeExceeded) return answer(new RangeError(`A mail may have ${GREATEST_BYTES} bytes.`));
        mails.push({ ...parseMail(raw), receivedAt: timeOfDay() });
        if (mails.length > GREATEST_COUNT) mails.shift();
        answer();
      }, answer);
    },
  });
  // A client that disconnects early must not end the process.
  server.on("error", () => {});
  const since = timeOfDay();
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    since,
    mails: () => mails.toReversed(),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
