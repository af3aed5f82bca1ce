import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Scope, ScopeLink } from "../../kernel/scope.ts";
import { WheelEntry } from "../../kernel/timer-wheel.ts";
import { ParentLink } from "./parent-link.ts";

/** The connection as its exchanges use it. */
export interface CallerConnection {
  sendCancel(id: number, isLate: boolean): void;
  sendCredit(id: number, count: number): void;
  forget(exchange: CallerExchange): void;
}

/** A call or stream that this process opened on a connection. */
export abstract class CallerExchange extends WheelEntry implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly connection: CallerConnection;
  readonly id: number;
  readonly path: string;
  /**
   * How many frames the connection's writer had taken, this one included. A lower count of flushed frames means that it never left the process.
   */
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

  /** Whether this is a subscription. */
  abstract get isStream(): boolean;

  /** Ends well, with what the callee sent last. */
  abstract end(value: unknown): void;

  /** Ends with an error. */
  abstract fail(error: HolonError): void;

  /** Takes an item of a stream; false if the callee may not send one. */
  abstract item(value: unknown): boolean;

  override expire(): void {
    this.giveUp(catalogueError("DEADLINE_EXCEEDED", `${this.path} did not end within its deadline.`));
  }

  scopeCancelled(reason: HolonError): void {
    this.giveUp(reason);
  }

  /** Detaches the exchange from its scopes and its connection. */
  protected letGo(): void {
    this.#scope.unlink(this);
    this.#parentLink?.unlink();
    this.connection.forget(this);
  }

  /** Fails, and sends the callee a cancel frame. */
  giveUp(error: HolonError): void {
    this.connection.sendCancel(this.id, error.code === "DEADLINE_EXCEEDED");
    this.fail(error);
  }
}
