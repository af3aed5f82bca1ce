/** A table for a terminal: columns as wide as their widest cell. Headings that are all empty are left out. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = headings.some((heading) => heading !== "") ? [headings, ...rows] : rows;
  const widths = headings.map((_, column) => Math.max(0, ...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd()).join("\n");
}
