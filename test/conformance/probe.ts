/**
 * What the handlers of one running app leave for the cases to see, and where cases hold them up.
 *
 * Everything goes by a tag that a case makes for itself, so that cases do not meet.
 */
export class Probe {
  readonly #kept = new Map<string, unknown>();
  readonly #notes = new Map<string, unknown[]>();
  readonly #gates = new Map<string, Gate>();
  /** Tags whose handlers are to fail. */
  readonly failing = new Set<string>();

  /** Keeps an object by reference, as a handler with a memory would. */
  keep<Value>(tag: string, value: Value): Value {
    this.#kept.set(tag, value);
    return value;
  }

  kept(tag: string): unknown {
    return this.#kept.get(tag);
  }

  note(tag: string, what: unknown): void {
    this.#notes.set(tag, [...this.notes(tag), what]);
  }

  notes(tag: string): readonly unknown[] {
    return this.#notes.get(tag) ?? [];
  }

  /** Resolves when the gate is opened; at once where it is open. */
  pass(tag: string): Promise<void> {
    return this.#gate(tag).opened;
  }

  open(tag: string): void {
    this.#gate(tag).open();
  }

  #gate(tag: string): Gate {
    let gate = this.#gates.get(tag);
    if (gate === undefined) {
      gate = new Gate();
      this.#gates.set(tag, gate);
    }
    return gate;
  }
}

class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
