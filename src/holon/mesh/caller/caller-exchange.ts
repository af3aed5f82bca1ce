import { catalogueError, type HolonError, type Scope, type ScopeLink, WheelEntry } from "../../kernel/index.ts";
import { ParentLink } from "./parent-link.ts";

/** What an exchange needs of the connection that it was opened on. */
export interface CallerConnection {
  sendCancel(id: number, isLate: boolean): void;
  sendCredit(id: number, count: number): void;
  forget(exchange: CallerExchange): void;
}

/** A call or stream that this process opened on a connection, until it is over. */
export abstract class CallerExchange extends WheelEntry implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly connection: CallerConnection;
  readonly id: number;
  readonly path: string;
  /** How many frames the connection had taken with this one: tells whether it ever left the process. */
  readonly sentAs: number;
  readonly #scope: Scope;
  readonly #parentLink: ParentLink | undefined;

  constructor(connection: CallerConnection, id: number, path: string, scope: Scope, sentAs: number) {
    super();
    this.connection = connection;
    this.id = id;
    this.path = path;
    this.sentAs = sentAs;
    this.#scope = scope;
    scope.link(this);
    this.#parentLink = scope.parent === undefined ? undefined : new ParentLink(scope.parent, this);
  }

  /** Whether it is a subscription. */
  abstract get isStream(): boolean;

  /** The callee's last word, if it is a good one. */
  abstract end(value: unknown): void;

  /** Ends with an error. */
  abstract fail(error: HolonError): void;

  /** An item of a stream; false where none was to come. */
  abstract item(value: unknown): boolean;

  override expire(): void {
    this.giveUp(catalogueError("DEADLINE_EXCEEDED", `${this.path} did not end within its deadline.`));
  }

  scopeCancelled(reason: HolonError): void {
    this.giveUp(reason);
  }

  /** Lets go of everything that could still reach this exchange. */
  protected letGo(): void {
    this.#scope.unlink(this);
    this.#parentLink?.unlink();
    this.connection.forget(this);
  }

  /** Fails, and tells the callee that the caller does not wait any more. */
  giveUp(error: HolonError): void {
    this.connection.sendCancel(this.id, error.code === "DEADLINE_EXCEEDED");
    this.fail(error);
  }
}
