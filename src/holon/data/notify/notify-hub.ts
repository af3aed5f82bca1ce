import type { Closable } from "../../kernel/index.ts";
import { NotifyClient, type NotifyDeps, type NotifyListener, type NotifyStanding } from "./notify-client.ts";

/**
 * How the processes of an app wake each other: one connection that listens for each database address that this process uses, shared by its
 * contexts, and opened when somebody listens.
 *
 * Being told is a favour and no promise: whoever waits for something also looks by itself now and then.
 */
export class NotifyHub implements Closable {
  readonly #deps: NotifyDeps;
  readonly #clients = new Map<string, NotifyClient>();
  #closed = false;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
  }

  /** Connections that listen, opened or being opened. */
  get size(): number {
    return this.#clients.size;
  }

  /** Hears a channel of a database. The listener is called once when it does so, and again after each time that it did not. Returns what takes it back. */
  listen(url: string, channel: string, listener: NotifyListener): () => void {
    if (this.#closed) return () => {};
    let client = this.#clients.get(url);
    if (client === undefined) {
      client = new NotifyClient(url, this.#deps);
      this.#clients.set(url, client);
    }
    return client.listen(channel, listener);
  }

  /** Says something on a channel over the connection that listens; undefined where there is none, for this opens none. */
  tell(url: string, channel: string, sender: string): Promise<unknown> | undefined {
    return this.#clients.get(url)?.tell(channel, sender);
  }

  /** Whether notifications of a database are heard, for readiness. All is well until the first listener comes. */
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

/** Makes the means by which the contexts of a process hear other processes; hand it to {@link import("../context-data.ts").createContextData}. */
export function createNotifyHub(deps: NotifyDeps): NotifyHub {
  return new NotifyHub(deps);
}
