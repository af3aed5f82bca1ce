/**
 * Connects the cases with the handlers of one running app: handlers leave objects and notes here, and cases can block them.
 *
 * Everything is stored by a tag that belongs to one case, so that cases do not interfere.
 */
export class Probe {
  readonly #kept = new Map<string, unknown>();
  readonly #notes = new Map<string, unknown[]>();
  readonly #gates = new Map<string, Gate>();
  /** The tags whose handlers must fail. */
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

  /** Resolves when the gate is opened; at once if it is open. */
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
