import { catalogueError, type HolonError, type Scope, WheelEntry } from "../../kernel/index.ts";

/** What an exchange needs of the connection that it came in on. */
export interface CalleeConnection {
  closed(exchange: ServerExchange): void;
  /** Undefined where the connection takes more at once. */
  drained(): Promise<void> | undefined;
  sendFrame(frame: string): void;
  sendAnswer(id: number, path: string, frame: string): void;
  /** Why the item cannot be sent; undefined where it was. */
  sendItem(path: string, frame: string): HolonError | undefined;
  sendFailure(id: number, thrown: unknown, path: string): void;
}

/** A call or stream that a peer opened here. Holds its id until its last frame has come or gone. */
export abstract class ServerExchange extends WheelEntry {
  readonly connection: CalleeConnection;
  readonly id: number;
  readonly path: string;
  readonly scope: Scope;
  /** The peer has its end, or wants none: what the callee still brings is dropped. */
  over = false;

  constructor(connection: CalleeConnection, id: number, path: string, scope: Scope) {
    super();
    this.connection = connection;
    this.id = id;
    this.path = path;
    this.scope = scope;
  }

  /** Whether it is a subscription. */
  abstract get isStream(): boolean;

  /** The deadline that the caller sent has passed here too. */
  override expire(): void {
    const error = catalogueError("DEADLINE_EXCEEDED", `${this.path} did not end within its deadline.`);
    this.fail(error);
    this.cancel(error);
  }

  /** Nobody waits any more. */
  cancel(reason: HolonError): void {
    this.finish();
    this.scope.cancel(reason);
  }

  /** The last frame has come or is about to go. */
  protected finish(): void {
    this.over = true;
    this.connection.closed(this);
  }

  /** Tells the peer why there is no answer. */
  fail(thrown: unknown): void {
    if (this.over) return;
    this.finish();
    this.connection.sendFailure(this.id, thrown, this.path);
  }
}
