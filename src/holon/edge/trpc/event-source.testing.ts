/** Replaces EventSource, which Node does not have, as far as tRPC's client uses it. After a broken connection it reconnects at once, with the last id. */
export class TestEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CLOSED = 2;
  readyState = 0;
  readonly #url: string;
  readonly #abort = new AbortController();
  #lastEventId = "";

  constructor(url: string) {
    super();
    this.#url = url;
    void this.#run();
  }

  close(): void {
    this.readyState = 2;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    while (this.readyState !== 2) {
      try {
        const headers = { accept: "text/event-stream", ...(this.#lastEventId === "" ? {} : { "last-event-id": this.#lastEventId }) };
        const response = await fetch(this.#url, { headers, signal: this.#abort.signal });
        if (response.status !== 200 || response.body === null) return this.#giveUp();
        await this.#read(response.body);
      } catch {
        // After a broken connection, the loop connects again, as a browser does.
      }
      if (this.#abort.signal.aborted) return;
      this.readyState = 0;
      this.dispatchEvent(new Event("error"));
    }
  }

  #giveUp(): void {
    this.readyState = 2;
    this.dispatchEvent(new Event("error"));
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    this.readyState = 1;
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) this.#dispatch(frame);
    }
  }

  #dispatch(frame: string): void {
    const fields = new Map(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const));
    const id = fields.get("id");
    if (id !== undefined) this.#lastEventId = id;
    const data = fields.get("data");
    if (data === undefined || this.readyState === 2) return;
    this.dispatchEvent(new MessageEvent(fields.get("event") ?? "message", { data, lastEventId: this.#lastEventId }));
  }
}
