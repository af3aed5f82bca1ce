/** An item of a stream as it is sent: with an id if a client may resume after it. */
interface StreamItem {
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Splits an item of a resumable subscription into id and data. An item of any other subscription is data only. */
export function toStreamItem(item: unknown, resumable: boolean): StreamItem {
  return resumable ? (item as StreamItem) : { id: undefined, data: item };
}

/** Whether EventSource can keep a text as an id. EventSource drops the rest of the line after a line break, and the whole id at a NUL. */
export function isEventId(id: string): boolean {
  return id !== "" && !/[\0\n\r]/.test(id);
}

/** The input of a subscription that a client resumes. The id of the last item is added to it, at the place where tRPC adds it. */
export function withLastEventId(input: unknown, lastEventId: string | undefined): unknown {
  if (lastEventId === undefined || lastEventId === "") return input;
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return { ...input, lastEventId };
  return input ?? { lastEventId };
}

/**
 * The frames of a tRPC subscription over Server-Sent Events, byte for byte as tRPC's own producer writes them.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html and tRPC's `sseStreamProducer`.
 */
export const SSE_FRAMES = {
  connected: (options: { readonly reconnectAfterInactivityMs: number }): string => `event: connected\ndata: ${JSON.stringify(options)}\n\n\n`,
  /** `json` is undefined if the item is undefined. */
  item: (json: string | undefined, id: string | undefined): string => (id === undefined ? `data: ${json}\n\n\n` : `data: ${json}\nid: ${id}\n\n\n`),
  ping: "event: ping\ndata: \n\n\n",
  /** `retryMs` is the delay after which the client connects again, if it does. EventSource itself has no backoff. */
  error: (json: string, retryMs?: number): string =>
    `event: serialized-error\ndata: ${json}\n${retryMs === undefined ? "" : `retry: ${Math.ceil(retryMs)}\n`}\n\n`,
  returned: "event: return\ndata: \n\n\n",
} as const;

/**
 * Writes items, and remembers the id that the client's EventSource has now.
 *
 * EventSource gives an event without an id the last id that it knows, from an earlier item or from its own request. So an item without an id would look like
 * one that the client can resume after. To prevent this, the item is sent with an empty id, and a second event, which clients ignore, sets the old id again.
 */
export class ItemFrames {
  #heldId: string | undefined;

  constructor(lastEventId: string | undefined) {
    this.#heldId = lastEventId !== undefined && isEventId(lastEventId) ? lastEventId : undefined;
  }

  write(json: string | undefined, item: StreamItem): string {
    if (item.id !== undefined) {
      this.#heldId = item.id;
      return SSE_FRAMES.item(json, item.id);
    }
    if (this.#heldId === undefined) return SSE_FRAMES.item(json, undefined);
    return `${SSE_FRAMES.item(json, "")}event: restore-id\ndata: \nid: ${this.#heldId}\n\n\n`;
  }
}
