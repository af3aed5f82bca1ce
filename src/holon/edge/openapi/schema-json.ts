import { z } from "zod";

/** A JSON Schema of a document: plain data. */
export interface SchemaJson {
  readonly [keyword: string]: unknown;
}

/** A parsed value of the contract is written differently where it comes in: what has a default may be left out. */
export type Direction = "input" | "output";

const GREATEST_INT = Number.MAX_SAFE_INTEGER;
const GREATEST_INT32 = 2 ** 31 - 1;

/** Formats that say all that zod's pattern for them says, in one word. */
const PLAIN_FORMATS: ReadonlySet<unknown> = new Set(["uuid", "email", "date"]);

/** How zod's pattern for a moment in UTC ends; the format lets other offsets pass. */
const UTC_ONLY = "(?:Z))$";

/** The schema as zod writes it, with what has a name or contains itself below `$defs`, and in the words that readers of documents expect. */
export function toSchemaJson(schema: z.ZodType, io: Direction): { readonly root: SchemaJson; readonly defs: Readonly<Record<string, SchemaJson>> } {
  const { $schema: _dialect, $defs = {}, ...root } = z.toJSONSchema(schema, { io, override: rewrite }) as Record<string, unknown>;
  return { root, defs: $defs as Record<string, SchemaJson> };
}

function rewrite({ zodSchema, jsonSchema }: { readonly zodSchema: z.core.$ZodTypes; readonly jsonSchema: Record<string, unknown> }): void {
  const { def } = zodSchema._zod;
  // Contracts may add members to answers without breaking anybody, so a document must not say that there are no others.
  if (def.type === "object" && def.catchall === undefined) delete jsonSchema["additionalProperties"];
  if (def.type === "number" && jsonSchema["type"] === "integer") nameIntegerFormat(jsonSchema);
  const { format, pattern } = jsonSchema;
  if (PLAIN_FORMATS.has(format)) delete jsonSchema["pattern"];
  if (format === "date-time" && typeof pattern === "string" && pattern.endsWith(UTC_ONLY)) jsonSchema["pattern"] = "Z$";
}

/** Bounds that every JSON number has are left out; programs in other languages choose the type of an integer by its format. */
function nameIntegerFormat(json: Record<string, unknown>): void {
  const { minimum, maximum } = json;
  if (maximum === GREATEST_INT) delete json["maximum"];
  if (minimum === -GREATEST_INT) delete json["minimum"];
  const fits = typeof maximum === "number" && maximum <= GREATEST_INT32 && typeof minimum === "number" && minimum >= -GREATEST_INT32;
  json["format"] = fits ? "int32" : "int64";
}
