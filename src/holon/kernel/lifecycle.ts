import type { Logger } from "./log.ts";

/** Something that must be closed once it exists. */
export interface Closable {
  close(): Promise<void> | void;
}

/**
 * The things that a process has opened, to be closed in reverse order.
 *
 * Guarantee: if one thing fails to close, that is logged and the others are still closed; closing twice is the same as closing once.
 */
export class OpenThings implements Closable {
  readonly #log: Logger;
  readonly #open: { readonly name: string; readonly thing: Closable }[] = [];
  #closing: Promise<void> | undefined = undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a thing, to be closed with the others, and returns it. */
  add<Thing extends Closable>(name: string, thing: Thing): Thing {
    this.#open.push({ name, thing });
    return thing;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let last = this.#open.pop(); last !== undefined; last = this.#open.pop()) {
      try {
        await last.thing.close();
      } catch (error) {
        this.#log.error({ err: error, what: last.name }, "could not be closed");
      }
    }
  }
}
