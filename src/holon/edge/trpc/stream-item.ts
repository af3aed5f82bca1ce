/** An item of a stream as it is sent: with an id if a client may resume after it. */
export interface StreamItem {
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Splits an item of a resumable subscription into id and data. An item of any other subscription is data only. */
export function toStreamItem(item: unknown, resumable: boolean): StreamItem {
  return resumable ? (item as StreamItem) : { id: undefined, data: item };
}

/** Whether EventSource can hold a text as an id. EventSource drops the rest of the line after a line break, and the whole id at a NUL. */
export function isEventId(id: string): boolean {
  return id !== "" && !/[\0\n\r]/.test(id);
}

/** The input of a subscription that a client resumes: it has the id of the last item, where tRPC puts it. */
export function withLastEventId(input: unknown, lastEventId: string | undefined): unknown {
  if (lastEventId === undefined || lastEventId === "") return input;
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return { ...input, lastEventId };
  return input ?? { lastEventId };
}
