import { catalogueError } from "../kernel/holon-error.ts";

/** One event of a stream, in the form that the browser's EventSource dispatches. */
interface StreamEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/**
 * Reads the text of Server-Sent Events as it arrives, in pieces of any size.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventStreamReader {
  readonly #limitLength: number;
  /** The line that has not ended yet. New text is appended to it, and the old text is not searched again. */
  #rest = "";
  /** Whether the last piece ended with a carriage return, which may be half of a line break. */
  #isHalf = false;
  #data: string[] = [];
  #type = "";
  #id: string;
  #length = 0;
  #retryMs = 0;

  constructor(lastEventId: string, limitLength: number) {
    this.#id = lastEventId;
    this.#limitLength = limitLength;
  }

  /** The id to resume after. */
  get lastEventId(): string {
    return this.#id;
  }

  /** How long the server asks to wait before the next connection; 0 if it does not say. */
  get retryMs(): number {
    return this.#retryMs;
  }

  /** The events that this text completes, in order. Errors: PAYLOAD_TOO_LARGE for an event that grows beyond the limit without an end. */
  read(text: string): StreamEvent[] {
    const whole = this.#isHalf ? `\r${text}` : text;
    this.#isHalf = whole.endsWith("\r");
    const lines = (this.#isHalf ? whole.slice(0, -1) : whole).split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() as string;
    if (this.#rest.length + this.#length > this.#limitLength)
      throw catalogueError("PAYLOAD_TOO_LARGE", `An event is longer than ${this.#limitLength} characters.`);
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return [];
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#type = value;
    if (field === "retry" && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value);
    if (field === "id" && !value.includes("\0")) this.#id = value;
    if (field === "data") {
      this.#data.push(value);
      // The length includes the line break, which is kept as well.
      this.#length += value.length + 1;
    }
    return [];
  }

  #dispatch(): StreamEvent[] {
    const [data, type] = [this.#data, this.#type];
    this.#data = [];
    this.#type = "";
    this.#length = 0;
    return data.length === 0 ? [] : [{ type: type || "message", data: data.join("\n"), lastEventId: this.#id }];
  }
}
