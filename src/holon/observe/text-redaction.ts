/** The text that replaces a secret in the log. */
export const REDACTED = "[redacted]";

const TEXT_LENGTH = 8 * 1024;

/** Patterns and their replacements. Each pattern reads a text once, however often it begins to match, because texts may come from an attacker. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  // Query strings contain inputs and tickets, which must not be in a log.
  [/\?(?<=\/[\w.~:@%+,/[\]-]{0,500}\?)[^\s"'<>)]+/g, `?${REDACTED}`],
  [/\b((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})[^\r\n]+/gi, `$1${REDACTED}`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
];

/** `password=x`, `"apiKey": "x"`, `PGPASSWORD: 'x'`, `password "x"`: the value after a name that contains such a word. */
const NAMED =
  /((?:passw(?:or)?d|passphrase|secret|token|authorization|api[-_]?key|private[-_]?key|access[-_]?key|credentials?|signature|\b(?:pwd|pin|otp|cvc|cvv|iban|jwt|dsn))[\w-]{0,40}\\?["']?(?:\s{0,3}[=:]\s{0,3}|\s(?=["'])))(\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s,;&"'<>)\]}]+)/gi;

/** A text without its credentials, cut to the length that a log line may have. */
export function redactText(text: string): string {
  const cut = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}... ${text.length - TEXT_LENGTH} more` : text;
  let shown = withoutTokens(withoutPasswords(withoutParameters(cut)));
  for (const [pattern, replacement] of SECRETS) shown = shown.replace(pattern, replacement);
  return shown.replace(NAMED, (whole, name: string, value: string) => (/^(?:bearer|basic)$/i.test(value) ? whole : `${name}${REDACTED}`));
}

const PARAMETERS = "\nparams: ";

/** Drizzle puts the parameters of a statement into its message, and an error that wraps it repeats them. */
function withoutParameters(text: string): string {
  const query = text.indexOf("Failed query: ");
  const parameters = query < 0 ? -1 : text.indexOf(PARAMETERS, query);
  return parameters < 0 ? text : `${text.slice(0, parameters)}${PARAMETERS}${REDACTED}`;
}

const UP_TO_AT = /[^\s@]+@?/g;
const USER = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:/i;

/** Removes passwords of URLs. The text before an `@` is searched once, not once for each URL that may begin in it. */
function withoutPasswords(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(UP_TO_AT, (part) => {
    const user = part.endsWith("@") ? USER.exec(part) : null;
    return user === null ? part : `${part.slice(0, user.index)}${user[0]}${REDACTED}@`;
  });
}

const DOTTED = /[\w.-]+/g;
const TOKEN_HEAD = /\beyJ[\w-]/;

/** Removes signed tokens: three parts with dots between them, of which the first is the beginning of an object in Base64. */
function withoutTokens(text: string): string {
  if (!text.includes("eyJ")) return text;
  return text.replace(DOTTED, (run) => {
    const parts = run.split(".");
    const shown: string[] = [];
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as string;
      const head = index + 2 < parts.length && parts[index + 1] !== "" ? part.search(TOKEN_HEAD) : -1;
      shown.push(head < 0 ? part : `${part.slice(0, head)}${REDACTED}`);
      if (head >= 0) index += 2;
    }
    return shown.join(".");
  });
}
