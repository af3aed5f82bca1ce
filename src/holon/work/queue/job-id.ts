const ONLY_DIGITS = /^\d+$/;
const MARK = "n-";

/** BullMQ refuses ids that consist of digits only, because it makes such ids itself. They get a mark. */
export function toBullId(id: string): string {
  return ONLY_DIGITS.test(id) || id.startsWith(MARK) ? MARK + id : id;
}

/** The id that was given to {@link toBullId}. */
export function fromBullId(id: string): string {
  return id.startsWith(MARK) ? id.slice(MARK.length) : id;
}
