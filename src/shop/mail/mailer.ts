import { createTransport } from "nodemailer";

/** A mail as the shop sends it. */
export interface Mail {
  /** The Message-ID, with angle brackets. If a mail is sent twice, both have the same one. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Ends the wait; the mail may still arrive. */
  readonly signal: AbortSignal;
}

/** Sends mail. */
export interface Mailer {
  /** Resolves when a server has accepted the mail. Errors: those of the connection and of the server. */
  send(mail: Mail): Promise<void>;
  /** Closes open connections. */
  close(): void;
}

/** The options of {@link createSmtpMailer}. */
export interface SmtpOptions {
  /** As in `smtp://user:password@mail.example:587`; `smtps://` speaks TLS from the start. */
  readonly url: string;
  readonly from: string;
}

/** At most three connections are opened, and they are used again, because mail servers limit how many a client may open. */
const POOL = { pool: true, maxConnections: 3, maxMessages: 1_000 } as const;

/** The longest that each step of the protocol may take; milliseconds. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 } as const;

/** Sends mail by SMTP. The first mail opens the connection. */
export function createSmtpMailer({ url, from }: SmtpOptions): Mailer {
  const transport = createTransport({ url, ...POOL, ...TIMEOUTS }, { from });
  return {
    async send({ messageId, to, subject, text, signal }) {
      signal.throwIfAborted();
      await Promise.race([transport.sendMail({ messageId, to, subject, text }), aborted(signal)]);
    },
    close: () => transport.close(),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
