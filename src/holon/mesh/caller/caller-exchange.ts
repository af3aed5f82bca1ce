import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Scope, ScopeLink } from "../../kernel/scope.ts";
import { TimerEntry } from "../../kernel/timers.ts";

/** The connection as its exchanges use it. */
export interface CallerConnection {
  sendCancel(id: number, isLate: boolean): void;
  sendCredit(id: number, count: number): void;
  forget(exchange: CallerExchange): void;
}

/** A call or stream that this process opened on a connection. */
export abstract class CallerExchange extends TimerEntry implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly connection: CallerConnection;
  readonly id: number;
  readonly path: string;
  /**
   * The number of the frame that opened this exchange, as the connection's writer counts frames. While the writer's count of flushed frames is lower, that
   * frame has not left the process.
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

  /** Ends the exchange without an error, with the value that the callee sent last. */
  abstract end(value: unknown): void;

  /** Ends the exchange with an error. */
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

  /** Fails the exchange, and sends the callee a cancel frame. */
  giveUp(error: HolonError): void {
    this.connection.sendCancel(this.id, error.code === "DEADLINE_EXCEEDED");
    this.fail(error);
  }
}

/**
 * Ends a call when the scope of the work that made it is cancelled. A {@link ScopeLink} belongs to one scope, so a call has one link for its own
 * scope and this one for the parent.
 */
export class ParentLink implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly #parent: Scope;
  readonly #call: ScopeLink;

  constructor(parent: Scope, call: ScopeLink) {
    this.#parent = parent;
    this.#call = call;
    parent.link(this);
  }

  scopeCancelled(reason: HolonError): void {
    this.#call.scopeCancelled(reason);
  }

  unlink(): void {
    this.#parent.unlink(this);
  }
}

/**
 * A call in flight.
 *
 *   sent --answer--> resolved
 *   sent --failure, connection lost--> rejected
 *   sent --deadline, scope cancelled--> rejected, and a cancel frame is sent
 */
export class CallerCall extends CallerExchange {
  readonly promise: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (error: HolonError) => void;

  constructor(connection: CallerConnection, id: number, path: string, scope: Scope, sentAs: number) {
    super(connection, id, path, scope, sentAs);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get isStream(): boolean {
    return false;
  }

  override end(value: unknown): void {
    this.letGo();
    this.#resolve(value);
  }

  override fail(error: HolonError): void {
    this.letGo();
    this.#reject(error);
  }

  override item(): boolean {
    return false;
  }
}
