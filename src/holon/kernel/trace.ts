/**
 * The place of a call in a trace: W3C trace context.
 *
 * A span id is a random prefix of the process and a counter. It becomes text only when it is read: a random id for each local call would cost more than the
 * call.
 */
export class Trace {
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly sampled: boolean;
  readonly #span: number;

  constructor(traceId: string, parentSpanId: string | undefined, sampled: boolean) {
    this.traceId = traceId;
    this.parentSpanId = parentSpanId;
    this.sampled = sampled;
    this.#span = nextSpan();
  }

  /** 16 hexadecimal digits. */
  get spanId(): string {
    return spanPrefix + this.#span.toString(16).padStart(8, "0");
  }

  /** The value of a `traceparent` header for calls made from here. */
  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-${this.sampled ? "01" : "00"}`;
  }
}

/** Random hexadecimal digits, two for each byte. They come from Web Crypto, because browsers import this folder too. */
function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const spanPrefix = randomHex(4);
let spanCounter = Number.parseInt(randomHex(3), 16);

function nextSpan(): number {
  spanCounter = spanCounter >= 0xffff_ffff ? 1 : spanCounter + 1;
  return spanCounter;
}

/** Starts a new trace. */
export function newTrace(): Trace {
  return new Trace(randomHex(16), undefined, true);
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Continues the trace of a `traceparent` header; starts a new trace if there is no header or it is malformed. */
export function parseTraceparent(header: string | undefined): Trace {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  if (match === null || /^0+$/.test(match[1] as string) || /^0+$/.test(match[2] as string)) return newTrace();
  return new Trace(match[1] as string, match[2], (Number.parseInt(match[3] as string, 16) & 1) === 1);
}
