import { z } from "zod";
import { ContractError } from "../../contract/index.ts";

const COMPONENT_NAME = /^[A-Za-z0-9_-]+$/;
const DEFS = "#/$defs/";

/** The place of a document's components. */
export const SCHEMAS = "#/components/schemas/";

/** A schema with a name, as it was first found. */
interface NamedSchema {
  readonly json: SchemaJson;
  readonly text: string;
  /** Where it was found. */
  readonly place: string;
}

/**
 * The schemas of one document. A schema with a name (`.meta({ id: "Product" })`) becomes one component, and every other place refers to it.
 *
 * The input form and the output form of a schema may differ. Whether they do is known only after all schemas were written. Until then,
 * references say whether they mean an input or an output. Then {@link settle} gives all schemas their names: `Line` if there is one form, `LineInput`
 * and `Line` if there are two.
 */
export class SchemaBook {
  readonly #named: Readonly<Record<Direction, Map<string, NamedSchema>>> = { input: new Map(), output: new Map() };
  readonly #own = new Map<string, SchemaJson>();

  /**
   * The JSON Schema of a part of a contract, for the document.
   *
   * `place` names that part, such as `catalog.products.get output`.
   * Errors: ContractError for an id that cannot be the name of a component, and for an id that two schemas have.
   */
  write(schema: z.ZodType, io: Direction, place: string): SchemaJson {
    const { root, defs } = toSchemaJson(schema, io);
    const names = new Map<string, string>();
    for (const id of Object.keys(defs)) names.set(id, id.startsWith("__schema") ? componentName(place, id.slice("__schema".length)) : id);
    const rename = (json: SchemaJson): SchemaJson => mapReferences(json, DEFS, (id) => reference(io, names.get(id) as string)) as SchemaJson;
    for (const [id, json] of Object.entries(defs)) this.#keep(names.get(id) as string, io, rename(json), place);
    return rename(root);
  }

  /** Returns the schema that a reference names, or the given schema if it is not a reference. */
  look(json: SchemaJson, io: Direction): SchemaJson {
    const name = String(json["$ref"] ?? "").slice(reference(io, "").length);
    const named = this.#named[io].get(name)?.json;
    return named === undefined ? json : this.look(named, io);
  }

  /**
   * Adds a component of the document's own, and returns the reference to it.
   *
   * Errors: ContractError if another component has the name.
   */
  add(name: string, json: SchemaJson): SchemaJson {
    const known = this.#own.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(json)) throw doubled(name, "the document", "another error of the document");
    this.#own.set(name, json);
    return { $ref: SCHEMAS + name };
  }

  /** Gives all references of a document their final names. Returns the document, and the components that it refers to, by name. */
  settle<Document>(document: Document): { readonly document: Document; readonly schemas: Readonly<Record<string, unknown>> } {
    const twofold = this.#twofold();
    const nameOf = (io: string, name: string): string => (io === "input" && twofold.has(name) ? `${name}Input` : name);
    const rename = (value: unknown): unknown =>
      mapReferences(value, DEFS, (rest) => {
        const [io = "", name = ""] = rest.split("/");
        return SCHEMAS + nameOf(io, name);
      });
    const schemas = new Map<string, unknown>();
    for (const io of ["output", "input"] as const) {
      for (const [name, { json, place }] of this.#named[io]) {
        const settled = nameOf(io, name);
        if (io === "input" && settled === name && schemas.has(name)) continue;
        if (schemas.has(settled) || this.#own.has(settled)) throw doubled(settled, place, "the document");
        schemas.set(settled, rename(json));
      }
    }
    for (const [name, json] of this.#own) schemas.set(name, rename(json));
    return { document: rename(document) as Document, schemas: Object.fromEntries([...schemas].sort(([one], [two]) => (one < two ? -1 : 1))) };
  }

  #keep(name: string, io: Direction, json: SchemaJson, place: string): void {
    if (!COMPONENT_NAME.test(name)) throw new ContractError(place, `the schema's id "${name}" is not a valid name; use letters, digits, - and _`);
    const text = JSON.stringify(json);
    const known = this.#named[io].get(name);
    if (known !== undefined && known.text !== text) throw doubled(name, place, known.place);
    if (known === undefined) this.#named[io].set(name, { json, text, place });
  }

  /** The names of schemas whose input form and output form differ, in themselves or in a schema that they refer to. */
  #twofold(): ReadonlySet<string> {
    const { input, output } = this.#named;
    const both = [...input.keys()].filter((name) => output.has(name));
    const form = (io: Direction, name: string): string => (this.#named[io].get(name) as NamedSchema).text.replaceAll(`${DEFS}${io}/`, DEFS);
    const found = new Set(both.filter((name) => form("input", name) !== form("output", name)));
    for (let before = -1; before !== found.size; ) {
      before = found.size;
      for (const name of both) if ([...found].some((other) => form("input", name).includes(`"${DEFS}${other}"`))) found.add(name);
    }
    return found;
  }
}

function reference(io: Direction, name: string): string {
  return `${DEFS}${io}/${name}`;
}

function doubled(name: string, one: string, other: string): ContractError {
  return new ContractError(
    one,
    `the schema's id "${name}" is also that of another schema, in ${other}; a document can have only one of them: rename one`,
  );
}

/** A copy with every `$ref` that begins with `prefix` rewritten. */
function mapReferences(value: unknown, prefix: string, to: (rest: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => mapReferences(each, prefix, to));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "$ref" && typeof member === "string" && member.startsWith(prefix) ? to(member.slice(prefix.length)) : mapReferences(member, prefix, to),
    ]),
  );
}

/** A JSON Schema of a document: plain data. */
export interface SchemaJson {
  readonly [keyword: string]: unknown;
}

/** Which form of a schema is meant. The input form may differ from the output form: in an input, a member with a default may be left out. */
type Direction = "input" | "output";

const GREATEST_INT = Number.MAX_SAFE_INTEGER;
const GREATEST_INT32 = 2 ** 31 - 1;

/** Formats that say in one word everything that zod's pattern for them says. */
const PLAIN_FORMATS: ReadonlySet<unknown> = new Set(["uuid", "email", "date"]);

/** The end of zod's pattern for a moment in UTC. The format `date-time` alone allows other offsets. */
const UTC_ONLY = "(?:Z))$";

/** The JSON Schema that zod writes, changed by {@link rewrite}. A schema that has a name or contains itself is below `$defs`. */
function toSchemaJson(schema: z.ZodType, io: Direction): { readonly root: SchemaJson; readonly defs: Readonly<Record<string, SchemaJson>> } {
  const { $schema: _dialect, $defs = {}, ...root } = z.toJSONSchema(schema, { io, override: rewrite }) as Record<string, unknown>;
  return { root, defs: $defs as Record<string, SchemaJson> };
}

function rewrite({ zodSchema, jsonSchema }: { readonly zodSchema: z.core.$ZodTypes; readonly jsonSchema: Record<string, unknown> }): void {
  const { def } = zodSchema._zod;
  // Contracts may add members to answers without breaking a client, so a document must not say that there are no other members.
  if (def.type === "object" && def.catchall === undefined) delete jsonSchema["additionalProperties"];
  if (def.type === "number" && jsonSchema["type"] === "integer") nameIntegerFormat(jsonSchema);
  const { format, pattern } = jsonSchema;
  if (PLAIN_FORMATS.has(format)) delete jsonSchema["pattern"];
  if (format === "date-time" && typeof pattern === "string" && pattern.endsWith(UTC_ONLY)) jsonSchema["pattern"] = "Z$";
}

/** Removes bounds that every JSON number has, and adds a format, because programs in other languages choose the type of an integer by its format. */
function nameIntegerFormat(json: Record<string, unknown>): void {
  const { minimum, maximum } = json;
  if (maximum === GREATEST_INT) delete json["maximum"];
  if (minimum === -GREATEST_INT) delete json["minimum"];
  const fits = typeof maximum === "number" && maximum <= GREATEST_INT32 && typeof minimum === "number" && minimum >= -GREATEST_INT32;
  json["format"] = fits ? "int32" : "int64";
}

/** Makes a component's name of other names: `catalog.products.get` and `input` give `CatalogProductsGetInput`, `OUT_OF_STOCK` gives `OutOfStock`. */
export function componentName(...texts: readonly string[]): string {
  return texts
    .flatMap((text) => (text === text.toUpperCase() ? text.toLowerCase() : text).split(/[^A-Za-z0-9]+/))
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
