/** A word or phrase that comments and documents of this project must not use. */
export interface ForbiddenWord {
  /** A pattern of {@link word} ignores case, and a space in it also matches a line break. */
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly write: string;
}

const PROGRAM = "(?:process(?:es)?|program|caller|callee|peer|server|worker|runner|publisher|consumer|subscriber|context|handler|client|session)s?";

const word = (words: string, write: string): ForbiddenWord => ({
  // Does not match a part of a longer name, such as sales-ledger.ts.
  pattern: new RegExp(`(?<![\\w-])(?:${words.replaceAll(" ", "\\s+")})(?![\\w-]|\\.[a-z])`, "gi"),
  write,
});

/** The forbidden words and phrases. */
export const FORBIDDEN: readonly ForbiddenWord[] = [
  word("whoever|whomever", 'name it: "the caller", "the process that ..."; of people "anyone" is refused too: "each user that ..."'),
  word("somebody|someone|somebody's|someone's", 'name it: "a user", "an operator", "another process"'),
  word("nobody|no one|nobody's", 'name it: "no process", "no caller", "no user"; or turn the sentence around'),
  word("anybody|anyone|anybody's|anyone's", 'name it: "any process", "each user"'),
  word("those who|the one who|one who", 'name them: "processes that", "users that"'),
  word(`${PROGRAM} who`, 'a program is not "who": write "that"'),
  word("(?:that|which) (?:is|are) none", '"not a number", "not an address": say what it is not'),
  word("shelf|shelves", '"table", "cache"'),
  word("ledgers?", '"writer", "table", "journal"'),
  word("lanes?", '"runner", "queue", "semaphore"'),
  word("gone astray|goes astray|went astray", '"failed", "was lost"'),
  word("patience|patient|patiently|impatient", '"retries", "the longest wait", "timeout"'),
  word("persistently", '"again and again until ...", with the bound'),
  word("hears?|heard|hearing", '"receives", "is notified", "learns"'),
  {
    // Does not match "tells apart", which is plain English.
    pattern: /(?<![\w-])(?:tells?|told|untold|telling)(?![\w-])(?![^.;]{0,40}\bapart\b)/gi,
    write: '"sends", "reports", "passes", "notifies"; of people "says"',
  },
  word("bury|buries|buried", '"mark as failed", "set aside"'),
  word("halt|halts|halted", '"stop", "park"'),
  { pattern: /(?<![\w-])What\s+\{@link/g, write: "say what the caller must know, or delete the comment" },
  word("as it may", '"if"'),
  word("be it", '"whether"'),
  word("for naught|aught|naught", '"nothing"'),
  word("in vain", '"without effect"'),
  word("lest", '"so that ... not"'),
  word("thus|hence|whence", '"so"'),
  word("thereof|therein|wherein|whereby|hereby|therefrom|thereto|whereupon", "a plain sentence"),
  word("albeit", '"although"'),
  word("anew", '"again"'),
];
