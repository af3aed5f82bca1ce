/** The beginning of an order's id: short enough to be read out. */
export function orderNumber(id: string): string {
  return id.slice(0, 8).toUpperCase();
}
