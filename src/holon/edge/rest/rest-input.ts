import type { RestField, RestRoute } from "../../contract/index.ts";
import { type RefusedInput, refusedInput } from "../http/json-input.ts";
import { percentDecoded } from "../http/percent-encoding.ts";
import { parseQuery } from "./query-pairs.ts";

/**
 * Makes the input of a procedure from the parts of a request, by what the contract says of each member.
 *
 * Texts become numbers and booleans here and nowhere else: the schema itself is what tRPC uses too, which goes on refusing "5" for 5.
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
   * Shape: `texts` are those of the path, percent-encoded; `body` is parsed JSON, undefined for none. Undefined stands for no input.
   * Guarantee: what a schema refuses is not refused here; only what cannot be put together is.
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
    if (typeof input !== "object" || input === null || Array.isArray(input)) return refusedInput("", "invalid_type", "the body is no JSON object");
    const object = input as Record<string, unknown>;
    const { pathFields } = this.#route;
    for (let index = 0; index < pathFields.length; index++) {
      const field = pathFields[index] as RestField;
      const text = percentDecoded(texts[index] as string);
      if (text === undefined) return refusedInput(field.name, "invalid_encoding", "the path is not percent-encoded UTF-8");
      const value = toValue(text, field);
      // Who sends a whole row back sends its id too; another id than that of the path is a mistake that must not be guessed at.
      if (Object.hasOwn(object, field.name) && object[field.name] !== value) {
        return refusedInput(field.name, "contradiction", "the body says another than the path");
      }
      object[field.name] = value;
    }
    return object;
  }
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A text of the URL as the contract reads it: what is no number or boolean stays text, for the schema to refuse. */
function toValue(text: string, { kinds }: RestField): string | number | boolean {
  if (kinds.includes("number") && NUMBER.test(text)) return Number(text);
  if (kinds.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}
