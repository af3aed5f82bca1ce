import { HolonError } from "../../kernel/holon-error.ts";

/** The place of an event. Clients of a resumable subscription keep it as the id of an item, and resume from it. */
export interface EventPlace {
  /** Position in the outbox of its context. */
  readonly position: number;
  /** Number of the event in its key; undefined if the event has no key, or if the place is a beginning and not an event. */
  readonly keyNumber: number | undefined;
  /**
   * The first part of the id of the event's row. It shows whether the row at this position is still the same event: positions start again when a database is
   * restored.
   */
  readonly mark: string | undefined;
}

const FORM = /^(0|[1-9]\d{0,15})\.(\d{1,16}|-)\.([0-9a-f]{8}|-)$/;

/** A place as text. */
export function renderEventPlace({ position, keyNumber, mark }: EventPlace): string {
  return `${position}.${keyNumber ?? "-"}.${mark ?? "-"}`;
}

/** Reads a place from text. Shape: undefined if the text does not have the form that {@link renderEventPlace} makes. */
export function parseEventPlace(text: unknown): EventPlace | undefined {
  const [, position, keyNumber, mark] = (typeof text === "string" ? FORM.exec(text) : null) ?? [];
  if (position === undefined || !Number.isSafeInteger(Number(position))) return undefined;
  return {
    position: Number(position),
    keyNumber: keyNumber === "-" ? undefined : Number(keyNumber),
    mark: mark === "-" ? undefined : mark,
  };
}

/**
 * Why a watcher cannot go on after the given item. `gone`: events after the item were removed, so the client must read the present state, and begin without an
 * id.
 */
type ResumeFault = "malformed" | "gone";

const WORDS: Readonly<Record<ResumeFault, string>> = {
  malformed: "This is not the id of an item of this subscription.",
  gone: "Events after this one have been removed: read the present state, and subscribe again without an id.",
};

/**
 * A subscription cannot resume from the caller's `after`: BAD_REQUEST, with an issue whose code says why. It has its own class because handlers pass it on
 * unchanged.
 */
export class ResumeRefusal extends HolonError<"BAD_REQUEST"> {
  constructor(fault: ResumeFault) {
    super("BAD_REQUEST", "The subscription cannot go on after the item that is named.", {
      details: { issues: [{ path: "lastEventId", code: fault, message: WORDS[fault] }] },
    });
  }
}
