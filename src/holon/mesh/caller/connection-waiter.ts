import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { Scope, ScopeLink } from "../../kernel/scope.ts";
import { TimerEntry } from "../../kernel/timers.ts";
import { ParentLink } from "./caller-exchange.ts";
import type { PeerConnection } from "./peer-connection.ts";

/** Says why there is no connection: a message that is safe to send to users, and the reason for the log. It is called when the time to wait is over. */
type Excuse = () => { readonly message: string; readonly reason: string };

/** A call or stream that waits for a connection: for `CONNECTION_WAIT_MS` at most, and not beyond its deadline. */
export class ConnectionWaiter extends TimerEntry implements ScopeLink {
  previousLink: ScopeLink | undefined = undefined;
  nextLink: ScopeLink | undefined = undefined;
  readonly promise: Promise<PeerConnection>;
  readonly #scope: Scope;
  readonly #parentLink: ParentLink | undefined;
  readonly #excuse: Excuse;
  readonly #onOver: (waiter: ConnectionWaiter) => void;
  #resolve!: (connection: PeerConnection) => void;
  #reject!: (error: HolonError) => void;

  constructor(scope: Scope, excuse: Excuse, onOver: (waiter: ConnectionWaiter) => void) {
    super();
    this.#scope = scope;
    this.#excuse = excuse;
    this.#onOver = onOver;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    scope.link(this);
    this.#parentLink = scope.parent === undefined ? undefined : new ParentLink(scope.parent, this);
  }

  connected(connection: PeerConnection): void {
    this.#letGo();
    this.#resolve(connection);
  }

  scopeCancelled(reason: HolonError): void {
    this.#letGo();
    this.#reject(reason);
  }

  override expire(): void {
    this.#letGo();
    const { message, reason } = this.#excuse();
    this.#reject(catalogueError("UNAVAILABLE", message, { executed: "no", cause: catalogueError("UNAVAILABLE", reason) }));
  }

  #letGo(): void {
    this.#scope.unlink(this);
    this.#parentLink?.unlink();
    this.#onOver(this);
  }
}
