const ONLY_DIGITS = /^\d+$/;
const MARK = "n-";

/** BullMQ refuses ids of digits only, which it makes itself: they get a mark. */
export function toBullId(id: string): string {
  return ONLY_DIGITS.test(id) || id.startsWith(MARK) ? MARK + id : id;
}

/** The id as its maker knows it. */
export function fromBullId(id: string): string {
  return id.startsWith(MARK) ? id.slice(MARK.length) : id;
}
