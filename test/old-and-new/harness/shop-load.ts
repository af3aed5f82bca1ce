import { setTimeout as sleep } from "node:timers/promises";
import { type Client, createClient } from "holon/client";
import type { contracts } from "#contracts";
import { createRetrying } from "../../../scripts/replay/retry.ts";
import { createSignedIn } from "../../../scripts/replay/signed-in.ts";
import { DEVELOPMENT_ADMIN } from "../../../src/shop/environment.ts";
import { customerIdOf, type Northwind, productIdOf } from "../../../src/shop/northwind/northwind.ts";
import { waitUntil } from "../../faults/harness/wait.ts";

type NorthwindOrder = Northwind["orders"][number];

const PATIENCE_MS = 60_000;
const EVERY_MS = 150;
/** Statuses of REST after which a call with a key is retried. */
const WORTH_ANOTHER_TRY: ReadonlySet<number> = new Set([429, 503, 504]);

/** How long checks wait, in the form that the checks of a replay need. */
export const PATIENCE = { patienceMs: PATIENCE_MS, nowMs: () => performance.now(), sleep: (ms: number) => sleep(ms) };

/** Retries calls that fail because a process is being replaced. */
export const retrying = createRetrying({ ...PATIENCE, random: Math.random, onRetry() {} });

/** Orders that an admin places for customers of the shop, alternately by tRPC and by REST. Each has a key, and is sent until it is answered. */
export class ShopLoad {
  readonly client: Client<typeof contracts>;
  placed = 0;
  readonly #url: string;
  readonly #token: () => Promise<string>;
  readonly #orders: readonly NorthwindOrder[];
  readonly #open = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #stopping = new AbortController();
  #run: Promise<void> = Promise.resolve();

  /** Takes the shop's address and the orders to place; sends nothing yet. */
  constructor(url: string, orders: readonly NorthwindOrder[]) {
    this.#url = url;
    this.#orders = orders;
    const stranger = createClient<typeof contracts>({ url: `${url}/trpc`, batch: false });
    this.#token = createSignedIn({ signIn: () => retrying(() => stranger.users.signIn.mutate(DEVELOPMENT_ADMIN)), nowMs: Date.now });
    this.client = createClient<typeof contracts>({ url: `${url}/trpc`, batch: false, token: this.#token });
  }

  /** Fills the stock for all orders, and starts to place them. */
  async start(): Promise<void> {
    const needed = new Map<number, number>();
    for (const { productId, quantity } of this.#orders.flatMap(({ lines }) => lines)) needed.set(productId, (needed.get(productId) ?? 0) + quantity);
    const lines = [...needed].map(([productId, quantity]) => ({ productId: productIdOf(productId), quantity }));
    await retrying(() => this.client.catalog.stock.restock.mutate({ lines }, { context: { idempotencyKey: "restock" } }));
    this.#run = this.#place();
  }

  /** Resolves when this many more orders are placed. Errors: the error of an order that cannot be placed. */
  async more(count: number): Promise<void> {
    const wanted = this.placed + count;
    await waitUntil(`${wanted} orders are placed`, () => this.placed >= wanted || this.#failures.length > 0 || this.placed);
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
    for (const [n, order] of this.#orders.entries()) {
      if (this.#stopping.signal.aborted) return;
      const placing: Promise<void> = (n % 2 === 0 ? this.#placeByTrpc(order) : this.#placeByRest(order))
        .then(() => void this.placed++)
        .catch((error: unknown) => void this.#failures.push(error))
        .finally(() => this.#open.delete(placing));
      this.#open.add(placing);
      await sleep(EVERY_MS);
    }
  }

  async #placeByTrpc(order: NorthwindOrder): Promise<void> {
    const input = { customerId: customerIdOf(order.customerId), ...bodyOf(order) };
    await retrying(() => this.client.orders.placeFor.mutate(input, { context: { idempotencyKey: keyOf(order) } }));
  }

  async #placeByRest(order: NorthwindOrder): Promise<void> {
    const headers = { "content-type": "application/json", authorization: `Bearer ${await this.#token()}`, "idempotency-key": keyOf(order) };
    await waitUntil(`order ${order.id} is placed by REST`, async () => {
      const url = `${this.#url}/users/${customerIdOf(order.customerId)}/orders`;
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(bodyOf(order)) }).catch(() => undefined);
      if (answer === undefined || answer.ok) return answer?.ok ?? "no answer";
      const said = await answer.text();
      if (!WORTH_ANOTHER_TRY.has(answer.status) && !said.includes("KEY_IN_FLIGHT")) this.#failures.push(new TypeError(`REST answers ${said}`));
      return said;
    });
  }
}

function bodyOf({ orderedOn, lines }: NorthwindOrder) {
  return { orderedOn, lines: lines.map(({ productId, quantity }) => ({ productId: productIdOf(productId), quantity })) };
}

function keyOf({ id }: NorthwindOrder): string {
  return `northwind-${id}`;
}
