import type { StatementRequest } from "../drizzle/sql.ts";

/** The greatest number of different statements that the server keeps prepared on each connection. */
const GREATEST_PREPARED = 500;

/** The greatest number of statements that are remembered because they were seen once. */
const GREATEST_SEEN = 2_000;

/**
 * Decides which statements are worth preparing: statements that are prepared by name, and statements with parameters whose text was seen before. A text without
 * parameters may be several statements, which cannot be prepared.
 *
 * A prepared statement takes one round trip instead of two and is not planned again. But it stays in the server's memory until its connection ends. Texts that
 * are different each time (an `in` list of every length) must not fill that memory.
 */
export class StatementTexts {
  readonly #prepared = new Set<string>();
  readonly #seen = new Set<string>();

  shouldPrepare({ text, params, prepare }: StatementRequest): boolean {
    if (prepare) return true;
    if (params.length === 0) return false;
    if (this.#prepared.has(text)) return true;
    if (this.#prepared.size >= GREATEST_PREPARED) return false;
    if (!this.#seen.delete(text)) {
      if (this.#seen.size >= GREATEST_SEEN) this.#seen.clear();
      this.#seen.add(text);
      return false;
    }
    this.#prepared.add(text);
    return true;
  }
}
