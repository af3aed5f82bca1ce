import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream } from "smtp-server";
import { type ParsedMail, parseMail } from "./parse-mail.ts";

/** A mail that came. */
export interface ReceivedMail extends ParsedMail {
  readonly receivedAt: string;
}

/** A real mail server that keeps what it gets, for development and tests. */
export interface MailSink {
  /** As `SMTP_URL` takes it. */
  readonly url: string;
  /** Since when it keeps mail. */
  readonly since: string;
  /** What came, the newest first. */
  mails(): readonly ReceivedMail[];
  close(): Promise<void>;
}

/** Mails that are kept; the oldest goes first. */
const GREATEST_COUNT = 5_000;
const GREATEST_BYTES = 256 * 1024;

/** Starts a mail server on a free port of this machine. `nowMs` is the time of day. */
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
  // A client that goes away in the middle is no reason to end the process.
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
