/** Where an event stands: what clients of a resumable subscription keep as the id of an item, and come back with. */
export interface EventPlace {
  /** In the outbox of its context. */
  readonly position: number;
  /** Its number in its key; undefined where it has no key, or where this is no event but a beginning. */
  readonly keyNumber: number | undefined;
  /** The beginning of its row's id: positions begin anew when a database is restored. */
  readonly mark: string | undefined;
}

const FORM = /^(0|[1-9]\d{0,15})\.(\d{1,16}|-)\.([0-9a-f]{8}|-)$/;

/** A place as text. */
export function renderEventPlace({ position, keyNumber, mark }: EventPlace): string {
  return `${position}.${keyNumber ?? "-"}.${mark ?? "-"}`;
}

/** Undefined for what {@link renderEventPlace} does not make. */
export function parseEventPlace(text: unknown): EventPlace | undefined {
  const [, position, keyNumber, mark] = (typeof text === "string" ? FORM.exec(text) : null) ?? [];
  if (position === undefined || !Number.isSafeInteger(Number(position))) return undefined;
  return {
    position: Number(position),
    keyNumber: keyNumber === "-" ? undefined : Number(keyNumber),
    mark: mark === "-" ? undefined : mark,
  };
}
