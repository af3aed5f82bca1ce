import { randomInt } from "node:crypto";
import postgres, { type Sql } from "postgres";
import type { Logger } from "../../kernel/index.ts";
import { quoteIdentifier } from "../identifier.ts";

/**
 * Hears that somebody said something on a channel, and who it was; undefined where something may have been said that nobody here heard, as while
 * there was no connection.
 */
export type NotifyListener = (sender: string | undefined) => void;

const CONNECT_TIMEOUT_S = 5;
/** Nothing is lost where the server forgets a notification in a crash, so its commit need not wait for the disk. */
export const NOTIFY_TEXT = "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";

/** A connection that did not answer for this long is taken for lost: a network that is gone says nothing. */
const SIGN_OF_LIFE_MS = 10_000;
const RETRY_FIRST_MS = 50;
const RETRY_GREATEST_MS = 5_000;

/**
 * The one connection of a process to a server that hears NOTIFY. It works as its login, for channels need no right, and runs nothing but LISTEN and
 * NOTIFY.
 *
 *     idle --first listen()--> connecting --all channels listened--> open (everybody is woken once: something may have been missed)
 *     connecting, open --connection lost, or silent--> waiting --pause, longer each time--> connecting
 *     any --close()--> closed
 */
export class NotifyClient {
  readonly #url: string;
  readonly #log: Logger;
  readonly #channels = new Map<string, Set<NotifyListener>>();
  readonly #heard = new Set<string>();
  #client: Sql | undefined = undefined;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #pulse: NodeJS.Timeout | undefined = undefined;
  #closed = false;

  constructor(url: string, log: Logger) {
    this.#url = url;
    this.#log = log;
  }

  /** Listens from soon on; the listener is called once when that is so. Returns what takes it back. */
  listen(channel: string, listener: NotifyListener): () => void {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    if (this.#heard.has(channel)) listener(undefined);
    else if (this.#client !== undefined) void this.#listenAll(this.#client);
    else if (this.#timer === undefined) this.#open();
    return () => listeners.delete(listener);
  }

  /** Says something on a channel; undefined where there is no connection that is known to work. */
  tell(channel: string, sender: string): Promise<unknown> | undefined {
    if (this.#client === undefined || this.#pulse === undefined) return undefined;
    return this.#client.unsafe(NOTIFY_TEXT, [channel, sender], { prepare: true }).then(() => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    this.#channels.clear();
    await this.#client?.end({ timeout: 1 });
  }

  #open(): void {
    this.#timer = undefined;
    if (this.#closed) return;
    const client: Sql = postgres(this.#url, {
      max: 1,
      idle_timeout: 0,
      max_lifetime: null,
      connect_timeout: CONNECT_TIMEOUT_S,
      fetch_types: false,
      onnotice: () => {},
      onclose: () => this.#lost(client),
      connection: { application_name: "holon listen" },
      ...({ no_subscribe: true, onnotify: (channel: string, sender: string) => this.#wake(channel, sender) } as object),
    });
    this.#client = client;
    void this.#listenAll(client);
  }

  /** Those that were added since the last time; LISTEN twice is LISTEN once. */
  async #listenAll(client: Sql): Promise<void> {
    const missing = [...this.#channels.keys()].filter((channel) => !this.#heard.has(channel));
    try {
      for (const channel of missing) await client.unsafe(`listen ${quoteIdentifier(channel)}`);
    } catch (error) {
      this.#lost(client, error);
      return;
    }
    if (this.#client !== client) return;
    this.#attempt = 0;
    if (this.#pulse === undefined) this.#watchPulse(client);
    for (const channel of missing) {
      this.#heard.add(channel);
      this.#wake(channel, undefined);
    }
  }

  #wake(channel: string, sender: string | undefined): void {
    for (const listener of this.#channels.get(channel) ?? []) listener(sender);
  }

  #watchPulse(client: Sql): void {
    let answered = true;
    this.#pulse = setInterval(() => {
      if (!answered) return this.#lost(client);
      answered = false;
      client.unsafe("select 1").then(
        () => {
          answered = true;
        },
        () => {},
      );
    }, SIGN_OF_LIFE_MS);
    this.#pulse.unref();
  }

  #lost(client: Sql, error?: unknown): void {
    if (this.#client !== client || this.#closed) return;
    this.#client = undefined;
    this.#heard.clear();
    clearInterval(this.#pulse);
    this.#pulse = undefined;
    client.end({ timeout: 0 }).catch(() => {});
    const ceilingMs = Math.min(RETRY_GREATEST_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#attempt++, 10));
    this.#log.warn(
      { err: error },
      "the connection that hears other processes was lost; it is opened again, and what they say is looked for meanwhile",
    );
    this.#timer = setTimeout(() => this.#open(), randomInt(1, ceilingMs + 1));
    this.#timer.unref();
  }
}
