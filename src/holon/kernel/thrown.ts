/** Lone surrogates, and the one character that Postgres cannot store in a text. */
const UNSTORABLE = /[\p{Surrogate}\0]/gu;

/** A text that Postgres, JSON and a log line can hold: well-formed Unicode without U+0000, at most `length` characters. Never throws. */
export function storableText(text: unknown, length: number): string {
  const cut = typeof text === "string" ? text.slice(0, length) : "";
  return cut.replace(UNSTORABLE, "\uFFFD");
}

/** Whether a value is a text that Postgres, JSON and an index can hold as it is: 1 to `length` characters, well-formed, without U+0000. */
export function isStorable(value: unknown, length: number): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= length && storableText(value, length) === value;
}

/** The characters of {@link UNSTORABLE} in the form in which JSON.stringify escapes them. */
const UNSTORABLE_ESCAPE = /\\u(?:0000|d[89a-f])/;

/** Whether Postgres can hold, as jsonb, the JSON that JSON.stringify made: no text or key in it contains U+0000 or half of a surrogate pair. */
export function isStorableJson(json: string): boolean {
  // Letters such as u0000 after an escaped backslash are plain text, so escaped backslashes are removed for the second test.
  return !(UNSTORABLE_ESCAPE.test(json) && UNSTORABLE_ESCAPE.test(json.replaceAll("\\\\", "")));
}

/** The JSON of a value with storable texts and keys; undefined if JSON cannot express the value, or if the JSON is longer than `length`. Never throws. */
export function storableJson(value: unknown, length: number): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined || text.length > length ? undefined : toStorable(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function toStorable(json: unknown): unknown {
  if (typeof json === "string") return json.replace(UNSTORABLE, "\uFFFD");
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(toStorable);
  return Object.fromEntries(Object.entries(json).map(([name, member]) => [name.replace(UNSTORABLE, "\uFFFD"), toStorable(member)]));
}

/** Reads from a value that user code made. If a getter or a proxy throws, the answer is `fallback`. */
export function readSafely<Value>(read: () => Value, fallback: Value): Value {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/** `value instanceof Class` for a value that user code made: a proxy may throw when its prototype is read. */
export function isInstanceOf<Instance>(value: unknown, Class: abstract new (...args: never[]) => Instance): value is Instance {
  return readSafely(() => value instanceof Class, false);
}
