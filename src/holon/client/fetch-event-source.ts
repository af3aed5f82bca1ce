import { createParser } from "eventsource-parser";
import { fullJitterMs } from "../kernel/backoff.ts";
import { DEFAULT_LIMITS } from "../kernel/limits.ts";

/** Options of a {@link FetchEventSource} besides the address. */
interface FetchEventSourceDeps {
  /** Called before each connection. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly random: () => number;
}

/** An event as listeners get it. A failure carries its reason or the server's answer. */
interface DispatchedEvent {
  readonly type: string;
  readonly data?: string;
  readonly lastEventId?: string;
  readonly message?: string;
}

type Listener = (event: DispatchedEvent) => void;

const RECONNECT = { firstMs: 1_000, greatestMs: 30_000 };
/** Statuses after which the client connects again: a server restarts, a proxy has lost its server, or an edge is full. */
const PASSING = new Set([429, 502, 503, 504]);

/**
 * The part of the browser's EventSource that tRPC uses, over `fetch`. Node has no EventSource. The EventSource of browsers cannot send headers, so a token
 * would have to be in the URL.
 *
 *   CONNECTING --(200, text/event-stream)--> OPEN
 *   OPEN       --(stream ends or breaks)---> CONNECTING, with Last-Event-ID, after a wait and the server's `retry` time
 *   CONNECTING --(no network, 429, 502-4)--> CONNECTING, after a longer wait
 *   CONNECTING --(any other answer)--------> CLOSED
 *   any        --(close)-------------------> CLOSED
 */
export class FetchEventSource {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readyState: number = this.CONNECTING;
  readonly #url: string;
  readonly #deps: FetchEventSourceDeps;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #controller = new AbortController();
  #lastEventId = "";
  #attempt = 0;
  /** The `retry` time that the last stream sent. It applies to one reconnect only; a browser keeps it for all later ones. */
  #retryMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(url: string, deps?: FetchEventSourceDeps) {
    this.#url = url;
    this.#deps = deps as FetchEventSourceDeps;
    void this.#connect();
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  close(): void {
    this.readyState = this.CLOSED;
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  async #connect(): Promise<void> {
    try {
      const resume: Record<string, string> = this.#lastEventId === "" ? {} : { "last-event-id": utf8Header(this.#lastEventId) };
      const headers = { accept: "text/event-stream", ...(await this.#deps.headers()), ...resume };
      const response = await this.#deps.fetch(this.#url, { headers, signal: this.#controller.signal });
      if (PASSING.has(response.status)) {
        await response.body?.cancel();
      } else if (!response.ok || response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
        return this.#refuse(await answerOf(response));
      } else {
        await this.#read(response.body);
      }
      this.#reconnect("The stream ended.");
    } catch (error) {
      this.#reconnect(error instanceof Error ? error.message : "The connection failed.");
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    this.readyState = this.OPEN;
    this.#attempt = 0;
    this.#dispatch({ type: "open" });
    const decoder = new TextDecoder();
    const parser = createParser({
      maxBufferSize: DEFAULT_LIMITS.responseBytes,
      onRetry: (retryMs) => {
        this.#retryMs = retryMs;
      },
      onEvent: ({ id = this.#lastEventId, event = "message", data }) => {
        this.#lastEventId = id;
        if (this.readyState !== this.CLOSED) this.#dispatch({ type: event, data, lastEventId: id });
      },
      onError: (error) => {
        // The parser's other errors are about fields that clients ignore.
        if (error.type === "max-buffer-size-exceeded") throw error;
      },
    });
    const reader = body.getReader();
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) parser.feed(decoder.decode(chunk.value, { stream: true }));
    } finally {
      // Closes the connection of a stream that is not read to its end. If the connection is closed already, `cancel` fails.
      reader.cancel().catch(() => undefined);
    }
  }

  #reconnect(message: string): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CONNECTING;
    this.#attempt += 1;
    this.#dispatch({ type: "error", message });
    const waitMs = Math.min(this.#retryMs, RECONNECT.greatestMs) + fullJitterMs(this.#attempt, RECONNECT, this.#deps.random);
    this.#retryMs = 0;
    this.#timer = setTimeout(() => void this.#connect(), waitMs);
  }

  /** Closes for good. tRPC makes its error from the event, so the event carries the server's answer. */
  #refuse(answer: object): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.#dispatch({ message: "The subscription was refused.", ...answer, type: "error" });
  }

  #dispatch(event: DispatchedEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event);
  }
}

async function answerOf(response: Response): Promise<object> {
  try {
    const answer: unknown = await response.json();
    return typeof answer === "object" && answer !== null ? answer : {};
  } catch {
    return { message: `The server answered ${response.status}, without an event stream.` };
  }
}

/**
 * A header's value as the bytes of its UTF-8, one character for each byte, because `fetch` accepts no other characters. The EventSource of browsers sends the
 * same.
 */
function utf8Header(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}
