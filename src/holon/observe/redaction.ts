import { readSafely } from "../kernel/thrown.ts";
import { redactError } from "./error-redaction.ts";
import { REDACTED, redactText } from "./text-redaction.ts";

/** Parts of names of secrets, compared in lower case without `-` and `_`: `X-Api-Key`, `apiKey` and `API_KEY` are equal. */
const SECRET_NAMES =
  /passw|passphrase|secret|token|session|authorization|cookie|apikey|privatekey|accesskey|credential|connectionstring|databaseurl|redisurl|smtpurl|mailurl|connectionparams|querystring|^(?:pwd|dsn|query|search|ticket|pin|otp|cvc|cvv|iban|cardnumber|signature|jwt|bearer|argsquery|parameters|params)$/;

const DEPTH = 8;
const MEMBERS = 200;

/**
 * A copy of a value without secrets: members are removed by their name at any depth and in any letter case, errors are redacted by their type, and texts lose
 * passwords in URLs, bearer credentials and signed tokens.
 *
 * pino's own redaction knows fixed paths only, and missed deep members and other letter cases. The copy is bounded in depth, width and length.
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
