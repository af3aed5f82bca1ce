interface MessageEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

type Listener = (event: MessageEvent) => void;

/**
 * The part of a browser's EventSource that tRPC's subscription link uses, over fetch: Node has EventSource only behind a flag.
 *
 * It does not reconnect, because these cases do not test how clients resume.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class FetchEventSource {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readyState = 0;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #abort = new AbortController();
  #lastEventId = "";

  constructor(url: string) {
    void this.#read(url);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener as Listener));
  }

  removeEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.get(type)?.delete(listener as Listener);
  }

  close(): void {
    this.readyState = this.CLOSED;
    this.#abort.abort();
  }

  async #read(url: string): Promise<void> {
    try {
      const answer = await fetch(url, { headers: { accept: "text/event-stream" }, signal: this.#abort.signal });
      if (!answer.ok || answer.body === null) throw new Error(`HTTP ${answer.status}`);
      this.readyState = this.OPEN;
      let rest = "";
      for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + chunk).split("\n\n");
        rest = blocks.pop() as string;
        for (const block of blocks) this.#block(block);
      }
      throw new Error("the stream ended");
    } catch (error) {
      if (this.readyState === this.CLOSED) return;
      this.readyState = this.CLOSED;
      this.#emit({ type: "error", data: String(error), lastEventId: this.#lastEventId });
    }
  }

  #block(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
    }
    this.#lastEventId = fields.get("id") ?? this.#lastEventId;
    const data = fields.get("data");
    if (data !== undefined) this.#emit({ type: fields.get("event") ?? "message", data, lastEventId: this.#lastEventId });
  }

  #emit(event: MessageEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event);
  }
}
