import { z } from "zod";

/** A JSON Schema of a document: plain data. */
export interface SchemaJson {
  readonly [keyword: string]: unknown;
}

/** A parsed value of the contract has another form as an input: a member with a default may be left out. */
export type Direction = "input" | "output";

const GREATEST_INT = Number.MAX_SAFE_INTEGER;
const GREATEST_INT32 = 2 ** 31 - 1;

/** Formats that say in one word everything that zod's pattern for them says. */
const PLAIN_FORMATS: ReadonlySet<unknown> = new Set(["uuid", "email", "date"]);

/** The end of zod's pattern for a moment in UTC. The format alone allows other offsets. */
const UTC_ONLY = "(?:Z))$";

/** The schema as zod writes it, in the words that readers of documents expect. A schema that has a name or contains itself is below `$defs`. */
export function toSchemaJson(schema: z.ZodType, io: Direction): { readonly root: SchemaJson; readonly defs: Readonly<Record<string, SchemaJson>> } {
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

/** Removes bounds that every JSON number has. Programs in other languages choose the type of an integer by its format. */
function nameIntegerFormat(json: Record<string, unknown>): void {
  const { minimum, maximum } = json;
  if (maximum === GREATEST_INT) delete json["maximum"];
  if (minimum === -GREATEST_INT) delete json["minimum"];
  const fits = typeof maximum === "number" && maximum <= GREATEST_INT32 && typeof minimum === "number" && minimum >= -GREATEST_INT32;
  json["format"] = fits ? "int32" : "int64";
}
