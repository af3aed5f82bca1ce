/** A table for a terminal: columns are as wide as their widest cell. If all headings are empty, they are left out. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = headings.some((heading) => heading !== "") ? [headings, ...rows] : rows;
  const widths = headings.map((_, column) => Math.max(0, ...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd()).join("\n");
}
