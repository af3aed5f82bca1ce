/** What stands in the log where a secret was. */
export const REDACTED = "[redacted]";

const TEXT_LENGTH = 8 * 1024;

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@]*@/gi;
const CREDENTIALS = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** A text without the credentials in it, cut to a length that a log line may have. */
export function redactText(text: string): string {
  const short = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}... ${text.length - TEXT_LENGTH} more` : text;
  return short.replace(URL_PASSWORD, `$1:${REDACTED}@`).replace(CREDENTIALS, `$1 ${REDACTED}`).replace(JWT, REDACTED);
}
