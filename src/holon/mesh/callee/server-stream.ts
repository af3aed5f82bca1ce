import type { Target } from "../../contract/index.ts";
import type { HolonError } from "../../kernel/holon-error.ts";
import { FRAME, FRAME_END } from "../protocol/frame-kind.ts";
import { ServerExchange } from "./server-exchange.ts";

/**
 * A subscription that a peer opened. It takes an item from its target only if the consumer has room for it.
 *
 *   pulling --item, credit left--> pulling
 *   pulling --item, no credit left--> waiting --credit--> pulling
 *   any --end, error--> over
 *   any --cancel frame, deadline, connection lost--> over; the scope is cancelled and the target's generator closed
 */
export class ServerStream extends ServerExchange {
  #credit = 0;
  #iterator: AsyncIterator<unknown> | undefined = undefined;
  #wake: (() => void) | undefined = undefined;

  override get isStream(): boolean {
    return true;
  }

  /** Opens the stream at its target. */
  run(target: Target, input: unknown, credit: number): void {
    this.#credit = credit;
    void this.#pull(target, input);
  }

  /** Adds the credit that the consumer sent. */
  grant(count: number): void {
    this.#credit += count;
    this.#wake?.();
  }

  override cancel(reason: HolonError): void {
    super.cancel(reason);
    this.#wake?.();
  }

  async #pull(target: Target, input: unknown): Promise<void> {
    try {
      const iterator = target.subscribe(this.scope, input)[Symbol.asyncIterator]();
      this.#iterator = iterator;
      while (!this.over) {
        if (this.#credit === 0) {
          await this.#held();
          continue;
        }
        await this.connection.drained();
        const step = await iterator.next();
        if (this.over) break;
        if (step.done === true) {
          this.finish();
          this.connection.sendFrame(`[${FRAME.END},${this.id}]${FRAME_END}`);
          break;
        }
        this.#credit--;
        this.#item(step.value);
      }
    } catch (error) {
      this.fail(error);
    }
    try {
      await this.#iterator?.return?.();
    } catch {
      // The stream is over, so the error is not sent. The target's boundary has logged the error.
    }
  }

  #item(value: unknown): void {
    const text = JSON.stringify(value) as string | undefined;
    const failure = this.connection.sendItem(
      this.path,
      text === undefined ? `[${FRAME.ITEM},${this.id}]${FRAME_END}` : `[${FRAME.ITEM},${this.id},${text}]${FRAME_END}`,
    );
    if (failure === undefined) return;
    this.fail(failure);
    this.cancel(failure);
  }

  #held(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
