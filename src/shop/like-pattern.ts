/** The pattern for `ilike` that finds a text anywhere, with the characters that mean something to `like` taken literally. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
}
