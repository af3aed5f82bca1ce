import { createTransport } from "nodemailer";

/** A mail as the shop sends it. */
export interface Mail {
  /** With angle brackets. A mail that is sent twice has the same one twice. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Ends the wait; the mail may still arrive. */
  readonly signal: AbortSignal;
}

/** The way out for mail. */
export interface Mailer {
  /** Resolves when a server took the mail. Errors: those of the connection and of the server. */
  send(mail: Mail): Promise<void>;
  /** Ends open connections. */
  close(): void;
}

/** What {@link createSmtpMailer} needs. */
export interface SmtpOptions {
  /** As in `smtp://user:password@mail.example:587`; `smtps://` speaks TLS from the start. */
  readonly url: string;
  readonly from: string;
}

/** Connections are few and kept: a server counts them. */
const POOL = { pool: true, maxConnections: 3, maxMessages: 1_000 } as const;

/** No step of the protocol takes longer; milliseconds. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 } as const;

/** Sends mail by SMTP. It connects with the first mail. */
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
