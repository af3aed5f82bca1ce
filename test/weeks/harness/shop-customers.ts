import { type Client, createClient, isTRPCClientError } from "holon/client";
import type { contracts } from "#contracts";
import type { Session } from "#contracts/users";
import { DEVELOPMENT_ADMIN } from "../../../src/shop/environment.ts";
import { customerIdOf, type Northwind, productIdOf } from "../../../src/shop/northwind/northwind.ts";
import { retrying } from "../../old-and-new/harness/shop-load.ts";

/** Counts of the customers' sessions. */
export interface SessionCounts {
  signedIn: number;
  refreshed: number;
}

/** Orders of the shop that an admin places. Each has a key, and is repeated later. The admin stays signed in. */
export class ShopCustomers {
  readonly client: Client<typeof contracts>;
  /** The ids of the orders, by their number. */
  readonly placed = new Map<number, string>();
  readonly sessions: SessionCounts = { signedIn: 0, refreshed: 0 };
  readonly #stranger: Client<typeof contracts>;
  readonly #northwind: Northwind;
  #session: Session | undefined = undefined;

  constructor(url: string, northwind: Northwind) {
    this.#northwind = northwind;
    this.#stranger = createClient<typeof contracts>({ url: `${url}/trpc`, batch: false });
    this.client = createClient<typeof contracts>({ url: `${url}/trpc`, batch: false, token: async () => this.#session?.token ?? "" });
  }

  /** Signs in a user who does not come back. */
  async signInAndForget(): Promise<Session> {
    return retrying(() => this.#stranger.users.signIn.mutate(DEVELOPMENT_ADMIN));
  }

  /** Whether a session can still be refreshed. */
  async isGood({ refreshToken }: Session): Promise<boolean> {
    return (await this.#refreshed(refreshToken)) !== undefined;
  }

  /** Gets a new token: by the refresh token, or by signing in again if the session has ended. */
  async staySignedIn(): Promise<void> {
    const before = this.#session;
    this.#session = before === undefined ? undefined : await this.#refreshed(before.refreshToken);
    if (this.#session === undefined) {
      this.#session = await this.signInAndForget();
      this.sessions.signedIn++;
    } else this.sessions.refreshed++;
  }

  /** Fills the stock for this many orders. */
  async restock(count: number): Promise<void> {
    const needed = new Map<number, number>();
    for (let n = 0; n < count; n++)
      for (const { productId, quantity } of this.#order(n).lines) needed.set(productId, (needed.get(productId) ?? 0) + quantity);
    const lines = [...needed].map(([productId, quantity]) => ({ productId: productIdOf(productId), quantity }));
    await retrying(() => this.client.catalog.stock.restock.mutate({ lines }, { context: { idempotencyKey: "restock" } }));
  }

  /** Places an order, or repeats it: the same key must give the same order. Errors: the answer is another order. */
  async place(n: number): Promise<void> {
    const { customerId, orderedOn, lines } = this.#order(n);
    const input = {
      customerId: customerIdOf(customerId),
      orderedOn,
      lines: lines.map(({ productId, quantity }) => ({ productId: productIdOf(productId), quantity })),
    };
    const { id } = await retrying(() => this.client.orders.placeFor.mutate(input, { context: { idempotencyKey: `weeks-${n}` } }));
    const before = this.placed.get(n);
    if (before !== undefined && before !== id) throw new TypeError(`order ${n} was ${before}, and is ${id}`);
    this.placed.set(n, id);
  }

  #order(n: number): Northwind["orders"][number] {
    const { orders } = this.#northwind;
    return orders[n % orders.length] as Northwind["orders"][number];
  }

  async #refreshed(refreshToken: string): Promise<Session | undefined> {
    try {
      return await retrying(() => this.#stranger.users.refresh.mutate({ refreshToken }));
    } catch (error) {
      if (isTRPCClientError(error) && (error.data as { readonly code?: string } | null)?.code === "UNAUTHORIZED") return undefined;
      throw error;
    }
  }
}
