import type { Target } from "../../contract/index.ts";
import { FRAME, FRAME_END } from "../protocol/frame-kind.ts";
import { ServerExchange } from "./server-exchange.ts";

const ANSWER = `[${FRAME.ANSWER},`;
const FRAME_CLOSE = `]${FRAME_END}`;

/**
 * A call that a peer made.
 *
 *   running --value--> answered
 *   running --error--> failed
 *   running --deadline--> failed, its scope cancelled
 *   running --cancel frame, connection lost--> dropped, its scope cancelled
 */
export class ServerCall extends ServerExchange {
  override get isStream(): boolean {
    return false;
  }

  /** Hands the call to its target. */
  run(target: Target, input: unknown): void {
    let result: Promise<unknown>;
    try {
      result = target.invoke(this.scope, input);
    } catch (error) {
      // A target must not throw. If one does, the process must go on.
      this.fail(error);
      return;
    }
    result.then(
      (value) => {
        if (!this.over) this.#answer(value);
      },
      (error: unknown) => this.fail(error),
    );
  }

  #answer(value: unknown): void {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.finish();
    const frame = text === undefined ? ANSWER + this.id + FRAME_CLOSE : `${ANSWER + this.id},${text}${FRAME_CLOSE}`;
    this.connection.sendAnswer(this.id, this.path, frame);
  }
}
