/** An item of a stream as it goes out: with an id where a client may resume after it. */
export interface StreamItem {
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Takes apart an item of a resumable subscription; an item of another is data alone. */
export function toStreamItem(item: unknown, resumable: boolean): StreamItem {
  return resumable ? (item as StreamItem) : { id: undefined, data: item };
}

/** What EventSource can hold as an id; it drops the rest of the line after a break, and the whole id at a NUL. */
export function isEventId(id: string): boolean {
  return id !== "" && !/[\0\n\r]/.test(id);
}

/**
 * The input of a subscription that a client resumes: with the id of the last item it got, where tRPC puts it.
 */
export function withLastEventId(input: unknown, lastEventId: string | undefined): unknown {
  if (lastEventId === undefined || lastEventId === "") return input;
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return { ...input, lastEventId };
  return input ?? { lastEventId };
}
