/** The goal for how long a bad request blocks the event loop; reported, not asserted. */
const GOAL_MS = 50;

/** How many rows of the table are printed. */
const SHOWN = 15;

/** How long each case blocked the server's event loop. The request is built before the measurement. */
export class BlockedTimes {
  readonly #cases = new Map<string, Map<string, number>>();

  note(name: string, where: string, ms: number): void {
    const times = this.#cases.get(name) ?? new Map<string, number>();
    this.#cases.set(name, times.set(where, ms));
  }

  /** The worst cases as a table. Other load on the machine can only make them look worse. */
  render(): string {
    const worst = [...this.#cases].map(([name, times]) => ({ name, times, ms: Math.max(...times.values()) })).sort((a, b) => b.ms - a.ms);
    const places = [...new Set(worst.flatMap(({ times }) => [...times.keys()]))];
    const over = worst.filter(({ ms }) => ms > GOAL_MS).length;
    const cell = (times: ReadonlyMap<string, number>, place: string): string => (times.get(place)?.toFixed(1) ?? "").padStart(place.length);
    return [
      `bad input: how long the event loop was blocked, in ms (goal ${GOAL_MS}): ${worst.length} cases, ${over} over the goal; the worst of them:`,
      `  ${places.join("  ")}  case`,
      ...worst.slice(0, SHOWN).map(({ name, times }) => `  ${places.map((place) => cell(times, place)).join("  ")}  ${name}`),
    ].join("\n");
  }
}
