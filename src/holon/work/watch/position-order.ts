/** Positions that were passed over: their transactions were open, or rolled back. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /**
   * Transactions that may still fill it: those that were writing to the outbox when it was looked at after it was found, and still are. Undefined
   * where nobody has looked yet.
   */
  readonly writers: ReadonlySet<string> | undefined;
}

/**
 * Brings rows into the order of their positions, whenever they become visible, and holds them back behind a position that may still come.
 *
 * Positions are taken right before the commit, and commits overtake each other. A gap is over when it is filled, or when every transaction that
 * wrote to the outbox at a moment after the gap was found has ended *before* a later look, which still does not see it: it was rolled back.
 *
 * (To compare `transaction_id` with the oldest open transaction would not do: a transaction with a high id may hold a low position, and one that
 * is older than both and writes elsewhere would hold up everybody for as long as it runs.)
 */
export class PositionOrder<Row extends { readonly position: number }> {
  #read: number;
  #gaps: readonly Gap[];
  #held: readonly Row[] = [];

  /** Begins behind a position, with gaps below it. */
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

  /** Up to here all rows were handed out, and none will come any more. */
  get settled(): number {
    const [first] = this.#gaps;
    return first === undefined ? this.#read : first.from - 1;
  }

  /**
   * Takes what one look saw: the rows in {@link gaps}, and a run of rows beyond {@link read}; and who was writing to the outbox *after* that look,
   * where that was asked. Returns the rows that may be handed out now, in order.
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

/** Nobody was left before this look that could have filled it. */
function isOpen({ writers }: Gap): boolean {
  return writers === undefined || writers.size > 0;
}

function stillWriting(before: ReadonlySet<string> | undefined, now: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (now === undefined) return before;
  return before === undefined ? now : new Set([...before].filter((writer) => now.has(writer)));
}

/** What is left of a gap when rows appear in it. */
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
