import type { Closable } from "../../kernel/lifecycle.ts";
import { NotifyClient, type NotifyDeps, type NotifyListener, type NotifyStanding } from "./notify-client.ts";

/**
 * How the processes of an app wake each other: one connection that listens for each database address of this process. Its contexts share it, and it is
 * opened for the first listener.
 *
 * A notification may be lost, so every listener also polls now and then.
 */
export class NotifyHub implements Closable {
  readonly #deps: NotifyDeps;
  readonly #clients = new Map<string, NotifyClient>();
  #closed = false;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
  }

  /** How many connections listen or are being opened. */
  get size(): number {
    return this.#clients.size;
  }

  /**
   * Listens to a channel of a database. The listener is called once when listening begins, and again after each interruption. Returns the function that
   * removes the listener.
   */
  listen(url: string, channel: string, listener: NotifyListener): () => void {
    if (this.#closed) return () => {};
    let client = this.#clients.get(url);
    if (client === undefined) {
      client = new NotifyClient(url, this.#deps);
      this.#clients.set(url, client);
    }
    return client.listen(channel, listener);
  }

  /** Sends a notification on a channel over the connection that listens. Undefined if there is none, because this opens no connection. */
  tell(url: string, channel: string, sender: string): Promise<unknown> | undefined {
    return this.#clients.get(url)?.tell(channel, sender);
  }

  /** Whether notifications of a database are received, for readiness. Before the first listener all is well. */
  standing(url: string): NotifyStanding {
    const client = () => this.#clients.get(url);
    return {
      name: "hearing other processes",
      get failingSinceMs() {
        return client()?.failingSinceMs;
      },
      get reason() {
        return client()?.reason ?? "";
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
  }
}

/**
 * Makes the hub through which the contexts of a process receive notifications of other processes. Pass it to
 * {@link import("../context-data.ts").createContextData}.
 */
export function createNotifyHub(deps: NotifyDeps): NotifyHub {
  return new NotifyHub(deps);
}
