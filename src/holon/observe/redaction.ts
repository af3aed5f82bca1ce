import { readSafely, storableText } from "../kernel/thrown.ts";

/** Parts of names that mark a secret. Names are compared in lower case without `-` and `_`: `X-Api-Key`, `apiKey` and `API_KEY` are equal. */
const SECRET_NAMES =
  /passw|passphrase|secret|token|session|authorization|cookie|apikey|privatekey|accesskey|credential|connectionstring|databaseurl|redisurl|smtpurl|mailurl|connectionparams|querystring|^(?:pwd|dsn|query|search|ticket|pin|otp|cvc|cvv|iban|cardnumber|signature|jwt|bearer|argsquery|parameters|params)$/;

const DEPTH = 8;
const MEMBERS = 200;

/**
 * A copy of a value without secrets: members are removed by their name at any depth and in any letter case, errors are redacted by their type, and texts lose
 * passwords in URLs, bearer credentials and signed tokens.
 *
 * pino's own redaction works on fixed paths only, and would miss deep members and other letter cases. The copy is bounded in depth, width and length.
 */
export function redact(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return redactText(value);
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return "[function]";
    case "object":
      return value === null ? null : readSafely<unknown>(() => redactObject(value, depth), "[cannot be read]");
    default:
      return value;
  }
}

/** Whether a member of this name is a secret. */
function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name.toLowerCase().replace(/[-_\s.]/g, ""));
}

function redactObject(value: object, depth: number): unknown {
  if (depth >= DEPTH) return "[deeper]";
  if (value instanceof Error) return redactError(value, (inner) => redact(inner, depth + 1));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return redactObject(Object.fromEntries(value), depth);
  if (value instanceof Set) return redactObject([...value], depth);
  if (Array.isArray(value)) return value.slice(0, MEMBERS).map((item) => redact(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value).slice(0, MEMBERS)) {
    const member = (value as Record<string, unknown>)[name];
    copy[name] = isSecretName(name) && member !== undefined && member !== null ? REDACTED : redact(member, depth + 1);
  }
  return copy;
}

/** Members of an error that a log may show. Every other member may be data: Postgres puts whole rows into `detail`. */
const SHOWN_MEMBERS = [
  "code",
  "status",
  "statusCode",
  "errno",
  "syscall",
  "address",
  "port",
  "severity",
  "routine",
  "schema_name",
  "table_name",
  "column_name",
  "constraint_name",
  "executed",
  "details",
];

/** Postgres repeats the value that it could not read: `invalid input syntax for type uuid: "..."`. Source: PostgreSQL, Appendix A, class 22. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;
const QUOTED = /"[\s\S]*"/;

const PARAMETERS = /(?:\r?\n|\s)params?(?:eters)?:[\s\S]*$/i;

/**
 * An error as it is logged: class, message, stack, cause, and known members.
 *
 * Errors of database drivers carry the statement's parameters, as members and inside the message, which the stack repeats. Parameters may be passwords. So if
 * an error has a statement, its message is cut off where the parameters begin.
 */
function redactError(error: Error, redactMember: (value: unknown) => unknown): Record<string, unknown> {
  const hasStatement = isStatementError(error);
  const shown: Record<string, unknown> = { type: error.constructor?.name ?? error.name, message: redactMessage(error) };
  const frames = stackFrames(error);
  if (frames !== "") shown.stack = frames;
  for (const name of SHOWN_MEMBERS) {
    const member = (error as unknown as Record<string, unknown>)[name];
    if (member !== undefined) shown[name] = redactMember(member);
  }
  if (hasStatement) shown.query = redactText(String((error as { query?: unknown }).query));
  if (error.cause !== undefined) shown.cause = redactMember(error.cause);
  if (error instanceof AggregateError) shown.errors = redactMember(error.errors);
  return shown;
}

/** The longest message or stack that is searched. A handler may throw an error with megabytes of either. */
const GREATEST_LENGTH = 64 * 1024;

/**
 * The thrown value as a sentence that may be stored and shown to operators: its name and its message, without the secrets in them.
 *
 * Never throws. The text can be stored: it is well-formed and has no U+0000.
 */
export function describeError(thrown: unknown): string {
  return readSafely(() => describeReadable(thrown), "an error was thrown that cannot be read");
}

function describeReadable(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "something was thrown that is no error";
  const { code } = thrown as { readonly code?: unknown };
  const message = redactMessage(thrown);
  return storableText(`${storableText(thrown.name === "HolonError" ? code : thrown.name, 200)}: ${message}`, GREATEST_LENGTH);
}

function redactMessage(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  const whole = typeof error.message === "string" ? error.message.slice(0, GREATEST_LENGTH) : "";
  const message = isStatementError(error) ? whole.replace(PARAMETERS, "") : whole;
  return redactText(typeof code === "string" && DATA_EXCEPTION.test(code) ? message.replace(QUOTED, `"${REDACTED}"`) : message);
}

/** Errors of drizzle (`query`, `params`) and postgres.js (`query`, `parameters`). */
function isStatementError(error: Error): boolean {
  const { query, params, parameters } = error as { query?: unknown; params?: unknown; parameters?: unknown };
  return typeof query === "string" || params !== undefined || parameters !== undefined;
}

/** Returns only the frames of the stack. A stack begins with the message again, and lines of a message may look like frames. */
function stackFrames(error: Error): string {
  const { stack: whole, message } = error;
  if (typeof whole !== "string" || typeof message !== "string") return "";
  // The frames come after the message, which may be long.
  const stack = whole.slice(0, message.length + GREATEST_LENGTH);
  const from = stack.indexOf(message);
  const lines = (from < 0 ? stack : stack.slice(from + message.length)).split("\n");
  return lines.filter((line) => /^\s+at /.test(line)).join("\n");
}

/** The text that replaces a secret in the log. */
const REDACTED = "[redacted]";

const TEXT_LENGTH = 8 * 1024;

/** Patterns and their replacements. Each pattern reads a text once, however often it begins to match, because texts may come from an attacker. */
const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, REDACTED],
  // Query strings contain inputs and tickets, which must not be in a log.
  [/\?(?<=\/[\w.~:@%+,/[\]-]{0,500}\?)[^\s"'<>)]+/g, `?${REDACTED}`],
  [/\b((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})[^\r\n]+/gi, `$1${REDACTED}`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
];

/** `password=x`, `"apiKey": "x"`, `PGPASSWORD: 'x'`, `password "x"`: the value after a name that contains a word for a secret. */
const NAMED =
  /((?:passw(?:or)?d|passphrase|secret|token|authorization|api[-_]?key|private[-_]?key|access[-_]?key|credentials?|signature|\b(?:pwd|pin|otp|cvc|cvv|iban|jwt|dsn))[\w-]{0,40}\\?["']?(?:\s{0,3}[=:]\s{0,3}|\s(?=["'])))(\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s,;&"'<>)\]}]+)/gi;

/** A text without its credentials, cut to the length that a log line may have. */
export function redactText(text: string): string {
  const cut = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}... ${text.length - TEXT_LENGTH} more` : text;
  let shown = withoutTokens(withoutPasswords(withoutParameters(cut)));
  for (const [pattern, replacement] of SECRETS) shown = shown.replace(pattern, replacement);
  return shown.replace(NAMED, (whole, name: string, value: string) => (/^(?:bearer|basic)$/i.test(value) ? whole : `${name}${REDACTED}`));
}

const DRIZZLE_PARAMETERS = "\nparams: ";

/** Drizzle puts the parameters of a statement into the message of its error, and an error that wraps this error repeats them. */
function withoutParameters(text: string): string {
  const query = text.indexOf("Failed query: ");
  const parameters = query < 0 ? -1 : text.indexOf(DRIZZLE_PARAMETERS, query);
  return parameters < 0 ? text : `${text.slice(0, parameters)}${DRIZZLE_PARAMETERS}${REDACTED}`;
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
