import type { LeftWork } from "./left-work.ts";
import type { JobRun, QueueBackend } from "./queue/index.ts";

/** How often a message is put back: a minute in all, in which a process of another version most likely takes it once. */
const TIMES_COUNT = 20;

/**
 * Wait before it may be taken again, every other time: doubles, from the first to the greatest. In between it does not wait, for a worker that waits for
 * a job with a delay is mostly the one that put it there, and one that waits for any job is mostly another one.
 */
const FIRST_MS = 50;
const GREATEST_MS = 5_000;

/** How often a message was put back is part of its id: its data is another version's. */
const ID = /^u(\d{1,2})-/;

/** What {@link UnknownMessages} needs. */
export interface UnknownMessagesParts {
  readonly backend: Pick<QueueBackend, "add">;
  readonly left: LeftWork;
  readonly newId: () => string;
}

/** The part of a message that is put back. */
export type UnknownMessage = Pick<JobRun, "id" | "name" | "data">;

/**
 * Messages that this process took from a queue and does not understand. They are put back for processes of other versions, later each time, and at last
 * dropped: what they tell of is a row, which is offered again.
 */
export class UnknownMessages {
  readonly #parts: UnknownMessagesParts;

  constructor(parts: UnknownMessagesParts) {
    this.#parts = parts;
  }

  /** Counts a message, and puts it back. Errors: UNAVAILABLE - the queue is away; the message is dropped. */
  async leave(queue: string, { id, name, data }: UnknownMessage): Promise<void> {
    const { backend, left, newId } = this.#parts;
    left.note("message", `${queue} ${name}`);
    const times = Number(ID.exec(id)?.[1] ?? 0);
    if (times >= TIMES_COUNT) return;
    const delay = times % 2 === 0 ? {} : { delayMs: Math.min(GREATEST_MS, FIRST_MS * 2 ** ((times - 1) / 2)) };
    await backend.add(queue, [{ id: `u${times + 1}-${newId()}`, name, data: data as object, ...delay }]);
  }
}
