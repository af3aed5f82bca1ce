import { equal } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { callUntilAnswered } from "../../faults/harness/calls.ts";
import { waitUntil } from "../../faults/harness/wait.ts";

/** The pause between two orders: a small load that never stops while versions change. */
const EVERY_MS = 150;

/** How many orders were taken, by the version of the app that took them. */
export type OrderCounts = Readonly<Partial<Record<1 | 2, number>>>;

/** Places orders at a steady rate, at one process after the other, each until it is answered. */
export class OrderLoad {
  /** The answered orders, with the version that answered first. */
  readonly placed = new Map<string, 1 | 2>();
  readonly #urls: readonly string[];
  readonly #open = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #stopping = new AbortController();
  readonly #run: Promise<void>;

  private constructor(urls: readonly string[]) {
    this.#urls = urls;
    this.#run = this.#place();
  }

  static start(urls: readonly string[]): OrderLoad {
    return new OrderLoad(urls);
  }

  get counts(): OrderCounts {
    const counts = { 1: 0, 2: 0 };
    for (const version of this.placed.values()) counts[version]++;
    return counts;
  }

  /** Resolves when each of these versions has taken this many more orders. Errors: the error of an order that cannot be placed. */
  async more(wanted: OrderCounts): Promise<void> {
    const before = this.counts;
    await waitUntil(`${JSON.stringify(wanted)} more orders are taken`, () => {
      const now = this.counts;
      const seen = ([1, 2] as const).every((version) => (now[version] ?? 0) >= (before[version] ?? 0) + (wanted[version] ?? 0));
      return seen || this.#failures.length > 0 || { before, now };
    });
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Resolves when the last order is answered. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
    await Promise.all(this.#open);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #place(): Promise<void> {
    for (let n = 0; !this.#stopping.signal.aborted; n++) {
      const placing: Promise<void> = this.#placeOne(`order-${n}`, n)
        .catch((error: unknown) => void this.#failures.push(error))
        .finally(() => this.#open.delete(placing));
      this.#open.add(placing);
      await sleep(EVERY_MS);
    }
  }

  /** Places an order, and repeats the call with the same key at another process, as a client without an answer does. Both answers must be the same order. */
  async #placeOne(id: string, n: number): Promise<void> {
    const [url, other] = [n, n + 1].map((index) => this.#urls[index % this.#urls.length] as string);
    // The first version does not know the note, and ignores it.
    const answer = await answerTo(url as string, { id, note: `of ${id}` });
    this.placed.set(id, answer.version);
    equal((await answerTo(other as string, { id, note: `of ${id}` })).version, answer.version);
  }
}

async function answerTo(url: string, order: { readonly id: string; readonly note: string }): Promise<{ readonly version: 1 | 2 }> {
  const attempts = await callUntilAnswered(url, "orders.place", order, order.id);
  return attempts.at(-1)?.data as { readonly version: 1 | 2 };
}
