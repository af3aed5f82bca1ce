/** A pattern for `ilike` that finds a text anywhere. The characters that are special to `like` are escaped. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
}
