/**
 * A Markdown table with padded columns. The first `leftCount` columns are aligned left, and if there are several of them, the last column too. The others are
 * aligned right.
 */
export function renderTable(head: readonly string[], lines: readonly (readonly string[])[], leftCount = 1): string {
  const isLeft = (column: number): boolean => column < leftCount || (leftCount > 1 && column === head.length - 1);
  const widths = head.map((title, column) => Math.max(title.length, 3, ...lines.map((line) => line[column]?.length ?? 0)));
  const render = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (isLeft(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (isLeft(column) ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [render(head), rule, ...lines.map(render)].join("\n");
}
