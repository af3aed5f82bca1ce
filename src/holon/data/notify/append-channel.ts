import { randomUUID } from "node:crypto";
import { AppendSignal } from "./append-signal.ts";
import { NOTIFY_TEXT } from "./notify-client.ts";
import type { NotifyHub } from "./notify-hub.ts";

/** What {@link AppendChannel} needs. */
export interface AppendChannelOptions {
  /** Of Postgres. */
  readonly channel: string;
  readonly url: string;
  /** Without one, only this process is told. */
  readonly hub: NotifyHub | undefined;
  /** Runs a statement where the hub has no connection of its own. */
  readonly send: (text: string, params: readonly unknown[]) => Promise<unknown>;
}

/**
 * Tells all who wait for it that there is something in the tables of one context, such as rows that transactions appended: in this process directly, in
 * others through Postgres.
 */
export class AppendChannel {
  readonly #options: AppendChannelOptions;
  readonly #channel: string;
  /** By which this process knows its own voice. */
  readonly #id = randomUUID();
  readonly #signal: AppendSignal;
  readonly #listeners = new Set<() => void>();
  #unlisten: (() => void) | undefined = undefined;

  constructor(options: AppendChannelOptions) {
    this.#options = options;
    this.#channel = options.channel;
    const { hub, url, send } = options;
    this.#signal = new AppendSignal(() => hub?.tell(url, this.#channel, this.#id) ?? send(NOTIFY_TEXT, [this.#channel, this.#id]));
  }

  /** After a commit of this process that wrote it. */
  appended(): void {
    this.#wake();
    if (this.#options.hub !== undefined) this.#signal.appended();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    const { hub, url } = this.#options;
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
