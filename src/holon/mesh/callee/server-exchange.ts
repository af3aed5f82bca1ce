import type { Target } from "../../contract/index.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { TimerEntry } from "../../kernel/timers.ts";
import { FRAME, FRAME_END } from "../protocol/frame-kind.ts";

/** The connection as its exchanges use it. */
interface CalleeConnection {
  closed(exchange: ServerExchange): void;
  /** Resolves when the peer has taken what was sent so far; undefined if more can be sent at once. */
  drained(): Promise<void> | undefined;
  sendFrame(frame: string): void;
  sendAnswer(id: number, path: string, frame: string): void;
  /** Sends an item. Returns the error if it cannot be sent. */
  sendItem(path: string, frame: string): HolonError | undefined;
  sendFailure(id: number, thrown: unknown, path: string): void;
}

/** A call or stream that a peer opened here. It keeps its id until its last frame was received or sent. */
export abstract class ServerExchange extends TimerEntry {
  readonly connection: CalleeConnection;
  readonly id: number;
  readonly path: string;
  readonly scope: Scope;
  /** Whether the last frame was received or is being sent, or the call was cancelled. What the target still produces after that is dropped. */
  over = false;

  constructor(connection: CalleeConnection, id: number, path: string, scope: Scope) {
    super();
    this.connection = connection;
    this.id = id;
    this.path = path;
    this.scope = scope;
  }

  /** Whether this is a subscription. */
  abstract get isStream(): boolean;

  /** Called when the deadline that the caller sent has passed. */
  override expire(): void {
    const error = catalogueError("DEADLINE_EXCEEDED", `${this.path} did not end within its deadline.`);
    this.fail(error);
    this.cancel(error);
  }

  /** Called when the caller does not wait any more. */
  cancel(reason: HolonError): void {
    this.finish();
    this.scope.cancel(reason);
  }

  /** Called when the last frame was received or is about to be sent. */
  protected finish(): void {
    this.over = true;
    this.connection.closed(this);
  }

  /** Sends the peer the error instead of an answer. */
  fail(thrown: unknown): void {
    if (this.over) return;
    this.finish();
    this.connection.sendFailure(this.id, thrown, this.path);
  }
}

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
      // A target must not throw: it returns a promise that rejects. If it throws, the process must go on.
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
