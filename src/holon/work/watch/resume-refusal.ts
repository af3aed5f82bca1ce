import { HolonError } from "../../kernel/holon-error.ts";

/** Why a watcher cannot go on after the given item. `gone`: read the present state, and begin without an id. */
export type ResumeFault = "malformed" | "gone";

const WORDS: Readonly<Record<ResumeFault, string>> = {
  malformed: "This is no id of an item of this subscription.",
  gone: "Events after this one have been removed: read the present state, and subscribe again without it.",
};

/** The caller's `after` cannot be resumed from: BAD_REQUEST, with an issue whose code says why. It has its own class because handlers pass it on unchanged. */
export class ResumeRefusal extends HolonError<"BAD_REQUEST"> {
  constructor(fault: ResumeFault) {
    super("BAD_REQUEST", "The subscription cannot go on after the item that is named.", {
      details: { issues: [{ path: "lastEventId", code: fault, message: WORDS[fault] }] },
    });
  }
}
