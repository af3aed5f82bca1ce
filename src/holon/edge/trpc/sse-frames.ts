import { isEventId, type StreamItem } from "./stream-item.ts";

/**
 * The frames of a tRPC subscription over Server-Sent Events, byte for byte as tRPC's own producer writes them.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html and tRPC's `sseStreamProducer`.
 */
export const SSE_FRAMES = {
  connected: (options: { readonly reconnectAfterInactivityMs: number }): string => `event: connected\ndata: ${JSON.stringify(options)}\n\n\n`,
  /** `json` is undefined where the item is nothing. */
  item: (json: string | undefined, id: string | undefined): string => (id === undefined ? `data: ${json}\n\n\n` : `data: ${json}\nid: ${id}\n\n\n`),
  ping: "event: ping\ndata: \n\n\n",
  /** With `retryMs` the client comes back that late, where it comes back at all: EventSource keeps no distance of its own. */
  error: (json: string, retryMs?: number): string =>
    `event: serialized-error\ndata: ${json}\n${retryMs === undefined ? "" : `retry: ${Math.ceil(retryMs)}\n`}\n\n`,
  returned: "event: return\ndata: \n\n\n",
} as const;

/**
 * Writes items and remembers the id that the client's EventSource holds.
 *
 * EventSource gives an event without id the last one it saw, so that an item of a stream that cannot be resumed would pass as one that can, where
 * the client came with an id: its id is emptied, and set back by an event that clients do not listen to.
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
