/** What stands in the log where a secret was. */
export const REDACTED = "[redacted]";

const TEXT_LENGTH = 8 * 1024;

/** What is replaced, by what. Each pattern reads a text in steps that its length bounds: texts come from anybody. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Drizzle says the parameters of a statement in its message, and whoever wraps the error says them again.
  [/(\bFailed query: [\s\S]*?\nparams: )[\s\S]*$/, `$1${REDACTED}`],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}):[^\s@]*@/gi, `$1:${REDACTED}@`],
  // Query strings hold inputs and tickets, and are nobody's business.
  [/(\/[\w.~:@%+,/[\]-]{0,500})\?[^\s"'<>)]+/g, `$1?${REDACTED}`],
  [/\b((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})[^\r\n]+/gi, `$1${REDACTED}`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{1,4000}\.[\w-]{1,4000}\.[\w-]*/g, REDACTED],
];

/** `password=x`, `"apiKey": "x"`, `PGPASSWORD: 'x'`, `password "x"`: whatever a name before ends with. */
const NAMED =
  /((?:passw(?:or)?d|passphrase|secret|token|authorization|api[-_]?key|private[-_]?key|access[-_]?key|credentials?|signature|\b(?:pwd|pin|otp|cvc|cvv|iban|jwt|dsn))[\w-]{0,40}\\?["']?(?:\s{0,3}[=:]\s{0,3}|\s(?=["'])))(\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s,;&"'<>)\]}]+)/gi;

/** A text without the credentials in it, cut to a length that a log line may have. */
export function redactText(text: string): string {
  let shown = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}... ${text.length - TEXT_LENGTH} more` : text;
  for (const [pattern, replacement] of SECRETS) shown = shown.replace(pattern, replacement);
  return shown.replace(NAMED, (whole, name: string, value: string) => (/^(?:bearer|basic)$/i.test(value) ? whole : `${name}${REDACTED}`));
}
