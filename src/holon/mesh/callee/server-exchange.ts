import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Scope } from "../../kernel/scope.ts";
import { WheelEntry } from "../../kernel/timer-wheel.ts";

/** The connection as its exchanges use it. */
interface CalleeConnection {
  closed(exchange: ServerExchange): void;
  /** Resolves when the peer has caught up; undefined if the connection takes more at once. */
  drained(): Promise<void> | undefined;
  sendFrame(frame: string): void;
  sendAnswer(id: number, path: string, frame: string): void;
  /** Sends an item. Returns the error if it cannot be sent. */
  sendItem(path: string, frame: string): HolonError | undefined;
  sendFailure(id: number, thrown: unknown, path: string): void;
}

/** A call or stream that a peer opened here. It keeps its id until its last frame was received or sent. */
export abstract class ServerExchange extends WheelEntry {
  readonly connection: CalleeConnection;
  readonly id: number;
  readonly path: string;
  readonly scope: Scope;
  /** The peer has its last frame or has cancelled. What the target still produces is dropped. */
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

  /** The deadline that the caller sent has passed. */
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
