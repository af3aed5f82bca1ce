/** The total price of the lines, in cents. */
export function totalCentsOf(lines: readonly { readonly quantity: number; readonly unitPriceCents: number }[]): number {
  return lines.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0);
}
