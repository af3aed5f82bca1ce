import type { LeftWork } from "./left-work.ts";
import type { JobRun, QueueBackend } from "./queue/queue-backend.ts";

/** Most times that a message is put back. The delays of all times add up to 21 s. In that time a process of another version most likely takes the message. */
const TIMES_COUNT = 20;

/**
 * The 1st, 3rd, 5th time and so on, a message is put back without a delay. The 2nd, 4th, 6th time it has a delay, which doubles from the first to the greatest.
 * A message with a delay mostly goes to the process that put it back, and a message without a delay mostly goes to another process.
 */
const FIRST_MS = 50;
const GREATEST_MS = 5_000;

/** The id carries how often the message was put back. The data belongs to another version, so it is not changed. */
const ID = /^u(\d{1,2})-/;

interface UnknownMessagesDeps {
  readonly backend: Pick<QueueBackend, "add">;
  readonly left: LeftWork;
  readonly newId: () => string;
}

/** The part of a message that is put back. */
type UnknownMessage = Pick<JobRun, "id" | "name" | "data">;

/**
 * Messages that this process took from a queue and does not understand. They are put back for processes of other versions, with growing waits, and dropped in
 * the end. To drop a message loses nothing: it stands for a row, which is sent again.
 */
export class UnknownMessages {
  readonly #deps: UnknownMessagesDeps;

  constructor(deps: UnknownMessagesDeps) {
    this.#deps = deps;
  }

  /** Counts a message, and puts it back. Errors: UNAVAILABLE - the queue is away; the message is dropped. */
  async leave(queue: string, { id, name, data }: UnknownMessage): Promise<void> {
    const { backend, left, newId } = this.#deps;
    left.note("message", `${queue} ${name}`);
    const times = Number(ID.exec(id)?.[1] ?? 0);
    if (times >= TIMES_COUNT) return;
    const delay = times % 2 === 0 ? {} : { delayMs: Math.min(GREATEST_MS, FIRST_MS * 2 ** ((times - 1) / 2)) };
    await backend.add(queue, [{ id: `u${times + 1}-${newId()}`, name, data: data as object, ...delay }]);
  }
}
