/**
 * A pattern that is accepted although it may look at a character more than once, because the length of its text is limited. It was measured with the worst text
 * of that length.
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
  { file: "src/holon/contract/rest-route.ts", text: String.raw`/\{[^{}]*\}/g`, why: `${ROUTE}; each attempt stops at the next brace` },
  { file: "src/holon/contract/rest-route.ts", text: String.raw`/\{([^{}]*)\}/g`, why: `${ROUTE}; each attempt stops at the next brace` },
  { file: "src/holon/edge/rest/rest-answer.ts", text: String.raw`/\{([^{}]*)\}/g`, why: `${ROUTE}; each attempt stops at the next brace` },
  {
    file: "src/holon/contract/schema-fit.ts",
    text: "new RegExp(pattern)",
    why: "a pattern of a contract, matched at start with an example or a default of the same contract, never with a text from outside",
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/"[\s\S]*"/`,
    why: "a message of at most 64 KB; an attempt fails only if no quote follows, so only one attempt fails",
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/(?:\r?\n|\s)params?(?:eters)?:[\s\S]*$/i`,
    why: "a message of at most 64 KB; a repetition that has begun reaches the end of the text, and matches",
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g`,
    why: `${LOG}; a repetition that has begun reaches the end of the text, and matches`,
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/\?(?<=\/[\w.~:@%+,/[\]-]{0,500}\?)[^\s"'<>)]+/g`,
    why: `${LOG}; it looks back at most to the question mark before`,
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi`,
    why: `${LOG}; an attempt begins at a word and reads only the spaces after that word`,
  },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/((?:passw(?:or)?d|passphrase|secret|token|authorization|api[-_]?key|private[-_]?key|access[-_]?key|credentials?|signature|\b(?:pwd|pin|otp|cvc|cvv|iban|jwt|dsn))[\w-]{0,40}\\?["']?(?:\s{0,3}[=:]\s{0,3}|\s(?=["'])))(\\?"(?:[^"\\]|\\[^"])*\\?"?|'[^']*'?|[^\s,;&"'<>)\]}]+)/gi`,
    why: `${LOG}; at most forty characters of a name are read, and a value that has begun always matches`,
  },
  { file: "src/holon/observe/redaction.ts", text: String.raw`/[^\s@]+@?/g`, why: `${LOG}; each attempt matches` },
  {
    file: "src/holon/observe/redaction.ts",
    text: String.raw`/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:/i`,
    why: `${LOG}; at most 31 characters of a scheme are read, and no user name belongs to two URLs`,
  },
  {
    file: "src/holon/process/app/undeclared-calls.ts",
    text: String.raw`/\/\/.*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?/g`,
    why: "the source of a handler, at start; a match that has begun always succeeds, and is read once",
  },
  {
    file: "src/shop/contexts/notifications/message.ts",
    text: String.raw`/\B(?=(\d{3})+$)/g`,
    why: "the digits of a number, sixteen at most",
  },
];
