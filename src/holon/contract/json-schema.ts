/** A JSON Schema as zod writes it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}
