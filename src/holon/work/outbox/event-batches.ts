import { randomUUID } from "node:crypto";
import type { EventLimits } from "../inbox/event-limits.ts";
import { type EventBatch, type EventMessage, eventQueue } from "../inbox/event-message.ts";
import type { QueuedJob } from "../queue/queue-backend.ts";
import type { LeasedRow } from "./outbox-lease.ts";

/** Messages for one queue. */
export interface QueueLoad {
  readonly subscriber: string;
  readonly queue: string;
  readonly jobs: readonly QueuedJob[];
}

/**
 * Sorts events by their subscribers, and packs several into a message. Each message has a new id: a queue drops a message whose id it has seen, but it must
 * accept an event again that it has lost.
 */
export function toEventBatches(producer: string, rows: readonly LeasedRow[], limits: Pick<EventLimits, "batchCount" | "batchBytes">): QueueLoad[] {
  const packers = new Map<string, BatchPacker>();
  for (const row of rows) {
    for (const { name, afterPosition } of row.subscribers) {
      const packer = packers.get(name) ?? new BatchPacker(limits);
      packers.set(name, packer);
      packer.add(toMessage(row, afterPosition), row.bytes);
    }
  }
  return [...packers].map(([subscriber, { batches }]) => ({
    subscriber,
    queue: eventQueue(subscriber),
    jobs: batches.map((events) => toJob({ producer, events })),
  }));
}

/** Splits rows into groups, in their order. A group has at most `bytes` bytes, or it is one row. */
export function inGroups(rows: readonly LeasedRow[], bytes: number): readonly (readonly LeasedRow[])[] {
  const groups: LeasedRow[][] = [];
  let left = 0;
  for (const row of rows) {
    left -= row.bytes;
    const open = groups.at(-1);
    if (open !== undefined && left >= 0) open.push(row);
    else {
      groups.push([row]);
      left = bytes - row.bytes;
    }
  }
  return groups;
}

class BatchPacker {
  readonly batches: EventMessage[][] = [];
  readonly #limits: Pick<EventLimits, "batchCount" | "batchBytes">;
  #bytes = 0;

  constructor(limits: Pick<EventLimits, "batchCount" | "batchBytes">) {
    this.#limits = limits;
  }

  add(message: EventMessage, bytes: number): void {
    const open = this.batches.at(-1);
    const fits = open !== undefined && open.length < this.#limits.batchCount && this.#bytes + bytes <= this.#limits.batchBytes;
    if (fits) open.push(message);
    else this.batches.push([message]);
    this.#bytes = fits ? this.#bytes + bytes : bytes;
  }
}

function toMessage(row: LeasedRow, afterPosition: number): EventMessage {
  const { id, position, name, key, keyNumber, payload, traceparent, initiator, previousPosition, isPreviousTaken } = row;
  const first = keyNumber === null || keyNumber === 1 || (previousPosition !== null && previousPosition <= afterPosition);
  return {
    id,
    position,
    name,
    key,
    keyNumber,
    needs: first ? null : keyNumber - 1,
    needsSurely: previousPosition !== null && !isPreviousTaken,
    payload,
    traceparent,
    initiator,
  };
}

function toJob(data: EventBatch): QueuedJob {
  return { id: `e-${randomUUID()}`, name: data.events[0]?.name ?? "", data };
}
