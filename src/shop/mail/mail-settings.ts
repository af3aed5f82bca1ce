import type { ConfigurationFault } from "holon";

/** The settings of the shop's mail. */
export interface MailSettings {
  /** If undefined, a mail server of this machine keeps the mail and forwards nothing. */
  readonly smtpUrl: string | undefined;
  readonly from: string;
  /** The port of the page with the mails of this machine's server. If undefined, the usual port, or a free one if that is taken. */
  readonly pagePort: number | undefined;
}

/** The variables that are read here, besides `SMTP_URL`. */
export const MAIL_VARIABLES = ["SHOP_MAIL_FROM", "SHOP_MAIL_PORT", "SHOP_ALLOW_DEVELOPMENT_MAIL"] as const;

const FROM = "shop@example.test";
const GREATEST_PORT = 65_535;

/** Reads the mail settings. In production they are required only in a process that sends mail. */
export function readMail(
  env: Readonly<Record<string, string | undefined>>,
  needsServer: boolean,
  faults: Pick<ConfigurationFault[], "push">,
): MailSettings {
  const { SMTP_URL: named, SHOP_MAIL_FROM: from = FROM, SHOP_MAIL_PORT: port, SHOP_ALLOW_DEVELOPMENT_MAIL: allowed } = env;
  const smtpUrl = named !== undefined && isSmtp(named) ? named : undefined;
  if (smtpUrl !== named) {
    // The value may contain a password, so the message does not show it.
    faults.push({
      variable: "SMTP_URL",
      problem: "is not the address of a mail server.",
      cure: "Write it as smtp://user:password@mail.example:587.",
    });
  }
  if (allowed !== undefined && allowed !== "yes") {
    faults.push({ variable: "SHOP_ALLOW_DEVELOPMENT_MAIL", problem: "is not yes.", cure: "Set it to yes, or do not set it." });
  }
  if (named === undefined && needsServer && allowed !== "yes") {
    faults.push({
      variable: "SMTP_URL",
      problem: "is missing: production sends mail by a real server.",
      cure: "Write it as smtp://user:password@mail.example:587, or keep all mail on this machine by SHOP_ALLOW_DEVELOPMENT_MAIL=yes.",
    });
  }
  const pagePort = port === undefined ? undefined : Number(port);
  if (pagePort !== undefined && !(Number.isInteger(pagePort) && pagePort >= 0 && pagePort <= GREATEST_PORT)) {
    faults.push({ variable: "SHOP_MAIL_PORT", problem: "is not a port.", cure: `Write a number from 0 to ${GREATEST_PORT}; 0 takes a free one.` });
  }
  return { smtpUrl, from, pagePort };
}

function isSmtp(text: string): boolean {
  return URL.canParse(text) && ["smtp:", "smtps:"].includes(new URL(text).protocol);
}
