import type { RestField, RestRoute } from "../../contract/index.ts";
import { type RefusedInput, refusedInput } from "../http/json-input.ts";
import { percentDecoded, queryDecoded } from "../http/request-text.ts";

/**
 * Makes the input of a procedure from the parts of a request, as the contract describes each member.
 *
 * Only here do texts become numbers and booleans. tRPC uses the same schema and still refuses "5" for 5.
 */
export class RestInput {
  readonly #route: RestRoute;
  readonly #isNothing: boolean;
  readonly #queryFields: ReadonlyMap<string, RestField>;
  readonly #pathNames: ReadonlySet<string>;

  /** `isNothing`: the procedure takes no input at all, not even an empty object. */
  constructor(route: RestRoute, isNothing: boolean) {
    this.#route = route;
    this.#isNothing = isNothing;
    this.#queryFields = new Map(route.queryFields.map((field) => [field.name, field]));
    this.#pathNames = new Set(route.pathFields.map(({ name }) => name));
  }

  /**
   * Shape: `texts` are those of the path, percent-encoded; `body` is parsed JSON, or undefined if there is no body. The result is undefined if there is
   * no input.
   * Guarantee: refuses only parts of a request that cannot form an input. What a schema refuses is left to the schema.
   */
  read(texts: readonly string[], url: string, body: unknown): unknown | RefusedInput {
    const { pathFields, takesBody } = this.#route;
    if (takesBody) return pathFields.length === 0 ? body : this.#addPath(texts, body ?? {});
    if (this.#isNothing) return undefined;
    const input: Record<string, unknown> = {};
    const refused = url.includes("?") ? this.#addQuery(input, url) : undefined;
    return refused ?? this.#addPath(texts, input);
  }

  #addQuery(input: Record<string, unknown>, url: string): RefusedInput | undefined {
    const pairs = parseQuery(url);
    if (pairs === undefined) return refusedInput("", "invalid_encoding", "the query is not percent-encoded UTF-8");
    for (const { name, value: text } of pairs) {
      if (name === "__proto__") return refusedInput(name, "forbidden_key", "a key that reaches the prototype");
      if (this.#pathNames.has(name)) return refusedInput(name, "repeated", "it is in the path already");
      const field = this.#queryFields.get(name);
      const value = field === undefined ? text : toValue(text, field);
      const before = Object.hasOwn(input, name) ? input[name] : undefined;
      if (before === undefined) input[name] = field?.isList === true ? [value] : value;
      else if (field?.isList === true) (before as unknown[]).push(value);
      // A name that the contract does not have is left to the schema: strict objects refuse it.
      else if (field !== undefined) return refusedInput(name, "repeated", "it is given more than once");
    }
    return undefined;
  }

  #addPath(texts: readonly string[], input: unknown): unknown | RefusedInput {
    if (typeof input !== "object" || input === null || Array.isArray(input)) return refusedInput("", "invalid_type", "the body is not a JSON object");
    const object = input as Record<string, unknown>;
    const { pathFields } = this.#route;
    for (let index = 0; index < pathFields.length; index++) {
      const field = pathFields[index] as RestField;
      const text = percentDecoded(texts[index] as string);
      if (text === undefined) return refusedInput(field.name, "invalid_encoding", "the path is not percent-encoded UTF-8");
      const value = toValue(text, field);
      // A client that sends a whole row back also sends its id. An id that differs from that of the path is a mistake, and we must not guess
      // which one is meant.
      if (Object.hasOwn(object, field.name) && object[field.name] !== value) {
        return refusedInput(field.name, "contradiction", "the value in the body differs from that in the path");
      }
      object[field.name] = value;
    }
    return object;
  }
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Converts a text of the URL as the contract says. A text that is not a number or boolean stays a text, and the schema refuses it. */
function toValue(text: string, { kinds }: RestField): string | number | boolean {
  if (kinds.includes("number") && NUMBER.test(text)) return Number(text);
  if (kinds.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** A decoded parameter of a query string or a form. */
export interface QueryPair {
  readonly name: string;
  readonly value: string;
}

/** Reads the query string of a URL. Shape: as {@link parsePairs}. */
function parseQuery(url: string): readonly QueryPair[] | undefined {
  const mark = url.indexOf("?");
  return mark < 0 ? [] : parsePairs(url.slice(mark + 1));
}

/**
 * Reads the parameters of a query string or a form, in their order. A parameter without `=` has an empty value.
 *
 * Shape: undefined if the percent-encoding is malformed or is not UTF-8.
 */
export function parsePairs(text: string): readonly QueryPair[] | undefined {
  const pairs: QueryPair[] = [];
  for (const part of text.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = queryDecoded(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : queryDecoded(part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    pairs.push({ name, value });
  }
  return pairs;
}
