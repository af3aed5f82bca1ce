import { noteHandedOut } from "../kernel/left-behind.ts";

/** A payload that a handler emitted or enqueued does not fit its schema or is too large. This is a bug of the handler. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";

  constructor(message: string) {
    super(message);
    noteHandedOut(this);
  }
}
