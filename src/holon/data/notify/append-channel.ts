import { randomUUID } from "node:crypto";
import { NOTIFY_TEXT, type NotifyHub } from "./notify-hub.ts";

interface AppendChannelDeps {
  /** A NOTIFY channel of Postgres. */
  readonly channel: string;
  readonly url: string;
  /** Without a hub, only this process is woken. */
  readonly hub: NotifyHub | undefined;
  /** Runs a statement if the hub has no connection of its own. */
  readonly send: (text: string, params: readonly unknown[]) => Promise<unknown>;
}

/**
 * Wakes all listeners when the tables of one context have something new, such as rows that transactions appended. Listeners of this process are woken directly,
 * listeners of other processes through Postgres.
 */
export class AppendChannel {
  readonly #deps: AppendChannelDeps;
  readonly #channel: string;
  /** Identifies this process as the sender, so that it ignores its own notifications. */
  readonly #id = randomUUID();
  readonly #signal: AppendSignal;
  readonly #listeners = new Set<() => void>();
  #unlisten: (() => void) | undefined = undefined;

  constructor(deps: AppendChannelDeps) {
    this.#deps = deps;
    this.#channel = deps.channel;
    const { hub, url, send } = deps;
    this.#signal = new AppendSignal(() => hub?.notify(url, this.#channel, this.#id) ?? send(NOTIFY_TEXT, [this.#channel, this.#id]));
  }

  /** Called after a commit of this process that appended rows. */
  appended(): void {
    this.#wake();
    if (this.#deps.hub !== undefined) this.#signal.appended();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    const { hub, url } = this.#deps;
    this.#unlisten ??= hub?.listen(url, this.#channel, (sender) => {
      if (sender !== this.#id) this.#wake();
    });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unlisten?.();
      this.#unlisten = undefined;
    };
  }

  close(): Promise<void> {
    return this.#signal.close();
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The shortest time between two notifications of one context and process. Rows that are appended within this time share the next notification. */
const SPACING_MS = 5;

/**
 * Notifies other processes that rows were appended. If no notification was sent just before, it is sent at once. Otherwise one notification for all rows
 * together follows after a short pause.
 *
 * The notification is sent after the commit, not inside the transaction. A transaction that notifies takes a lock at its commit, and all other notifying
 * transactions wait for that lock.
 */
class AppendSignal {
  readonly #send: () => Promise<unknown>;
  #due = false;
  #closed = false;
  #sending: Promise<void> | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(send: () => Promise<unknown>) {
    this.#send = send;
  }

  appended(): void {
    this.#due = true;
    if (this.#sending === undefined && this.#timer === undefined && !this.#closed) this.#flush();
  }

  /** Sends the notification that is due, if any. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sending;
    if (this.#due) await this.#attempt();
  }

  #flush(): void {
    this.#sending = this.#attempt().finally(() => {
      this.#sending = undefined;
      if (this.#closed) return;
      this.#timer = setTimeout(() => this.#next(), SPACING_MS);
      this.#timer.unref();
    });
  }

  #next(): void {
    this.#timer = undefined;
    if (this.#due) this.#flush();
  }

  /** A failed notification is not sent again, because its receivers poll as well. */
  async #attempt(): Promise<void> {
    this.#due = false;
    try {
      await this.#send();
    } catch {
      // The database is unreachable or busy. Receivers find the rows when they poll.
    }
  }
}
