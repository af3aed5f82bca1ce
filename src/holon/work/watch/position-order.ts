/** Missing positions between rows that were read: their transactions were still open, or were rolled back. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /**
   * Transactions that may still fill the gap: those that were writing to the outbox when the writers were first read after the gap was found, and still are.
   * Undefined until the writers are read.
   */
  readonly writers: ReadonlySet<string> | undefined;
}

/**
 * Brings rows into the order of their positions, whenever they become visible, and holds them back behind a position that may still be filled.
 *
 * I1. Positions are taken right before the commit, and commits overtake each other: a row may become visible after rows with higher positions.
 * I2. A gap is over when it is filled. After a gap was found, the transactions that are writing to the outbox are read. If all of these have ended *before* a
 *     later look, and that look does not see the row either, the gap is over too: the transaction that took the position was rolled back.
 *
 * (It is not enough to compare `transaction_id` with the oldest open transaction: a transaction with a high id may hold a low position. And an old transaction
 * that writes only to other tables would hold up all watchers for as long as it runs.)
 */
export class PositionOrder<Row extends { readonly position: number }> {
  #read: number;
  #gaps: readonly Gap[];
  #held: readonly Row[] = [];

  /** Begins after a position, with gaps below it. */
  constructor(read: number, gaps: readonly Gap[] = []) {
    this.#read = read;
    this.#gaps = gaps;
  }

  /** The highest position that was seen. */
  get read(): number {
    return this.#read;
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** Rows that were seen and wait for a gap below them. */
  get held(): readonly Row[] {
    return this.#held;
  }

  /** Up to this position all rows were returned, and no further row will appear. */
  get settled(): number {
    const [first] = this.#gaps;
    return first === undefined ? this.#read : first.from - 1;
  }

  /**
   * Takes the result of one look: the rows in {@link gaps}, the next rows beyond {@link read}, and the transactions that were writing to the outbox *after*
   * these rows were read, if the transactions were read. Returns the rows that may be delivered now, in order.
   */
  take(rows: readonly Row[], writers: ReadonlySet<string> | undefined): readonly Row[] {
    const sorted = [...rows].sort((one, other) => one.position - other.position);
    const late = sorted.filter(({ position }) => position <= this.#read);
    const remaining = late.length === 0 ? this.#gaps : this.#gaps.flatMap((gap) => split(gap, late));
    const next = remaining.filter(isOpen).map((gap) => ({ ...gap, writers: stillWriting(gap.writers, writers) }));
    for (const { position } of sorted) {
      if (position <= this.#read) continue;
      if (position > this.#read + 1) next.push({ from: this.#read + 1, to: position - 1, writers });
      this.#read = position;
    }
    this.#gaps = next;
    const waiting = this.#held.length === 0 ? sorted : [...this.#held, ...sorted].sort((one, other) => one.position - other.position);
    const { settled } = this;
    this.#held = waiting.filter(({ position }) => position > settled);
    return this.#held.length === 0 ? waiting : waiting.slice(0, waiting.length - this.#held.length);
  }
}

/** I2. Whether a transaction that could fill the gap was still open before this look, or may have been, because no look has read the writers yet. */
function isOpen({ writers }: Gap): boolean {
  return writers === undefined || writers.size > 0;
}

function stillWriting(before: ReadonlySet<string> | undefined, now: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (now === undefined) return before;
  return before === undefined ? now : new Set([...before].filter((writer) => now.has(writer)));
}

/** The parts of a gap that remain when rows appear in it. */
function split(gap: Gap, rows: readonly { readonly position: number }[]): Gap[] {
  const parts: Gap[] = [];
  let { from } = gap;
  for (const { position } of rows) {
    if (position < from || position > gap.to) continue;
    if (position > from) parts.push({ ...gap, from, to: position - 1 });
    from = position + 1;
  }
  return from > gap.to ? parts : [...parts, { ...gap, from }];
}
