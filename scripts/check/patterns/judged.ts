/**
 * Patterns that look at a character more than once, and what limits the length of their text. Each was measured with the worst text of that length.
 */
export interface JudgedPattern {
  readonly file: string;
  /** The pattern as it is written in the file. */
  readonly text: string;
  /** Where the text comes from, and what limits its length. */
  readonly why: string;
}

const ROUTE = "a route template of a contract, written by developers and some hundred characters at most";
const LOG = "a text of a log line, at most 8 KB";

/** All accepted patterns. */
export const JUDGED: readonly JudgedPattern[] = [
  { file: "src/holon/contract/rest-route.ts", text: String.raw`/\{[^{}]*\}/g`, why: `${ROUTE}; no brace is within two beginnings` },
  { file: "src/holon/contract/rest-route.ts", text: String.raw`/\{([^{}]*)\}/g`, why: `${ROUTE}; no brace is within two beginnings` },
  { file: "src/holon/edge/rest/rest-answer.ts", text: String.raw`/\{([^{}]*)\}/g`, why: `${ROUTE}; no brace is within two beginnings` },
  {
    file: "src/holon/contract/schema-fit.ts",
    text: "new RegExp(pattern)",
    why: "a pattern of a contract's own, on an example or a default that the contract gives; at start, never on a text from outside",
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/"[\s\S]*"/`,
    why: "a message of at most 64 KB; it fails only where there is one quote, and so once",
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/(?:\r?\n|\s)params?(?:eters)?:[\s\S]*$/i`,
    why: "a message of at most 64 KB; what begins to repeat reaches the end, and matches",
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g`,
    why: `${LOG}; what begins to repeat reaches the end, and matches`,
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/\?(?<=\/[\w.~:@%+,/[\]-]{0,500}\?)[^\s"'<>)]+/g`,
    why: `${LOG}; it looks back no further than to the question mark before`,
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi`,
    why: `${LOG}; no word is within two runs of spaces`,
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/((?:passw(?:or)?d|passphrase|secret|token|authorization|api[-_]?key|private[-_]?key|access[-_]?key|credentials?|signature|\b(?:pwd|pin|otp|cvc|cvv|iban|jwt|dsn))[\w-]{0,40}\\?["']?(?:\s{0,3}[=:]\s{0,3}|\s(?=["'])))(\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s,;&"'<>)\]}]+)/gi`,
    why: `${LOG}; of a name forty characters are read, and each value that begins matches`,
  },
  { file: "src/holon/observe/redaction.ts", text: String.raw`/[^\s@]+@?/g`, why: `${LOG}; it always matches` },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:/i`,
    why: `${LOG}; of a scheme 31 characters are read, and no name of a user is within two URLs`,
  },
  {
    file: "src/holon/process/app/undeclared-calls.ts",
    text: String.raw`/\/\/.*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?/g`,
    why: "the source of a handler, at start; what begins always matches, and is read once",
  },
  {
    file: "src/shop/contexts/notifications/message.ts",
    text: String.raw`/\B(?=(\d{3})+$)/g`,
    why: "the digits of a number, sixteen at most",
  },
];
