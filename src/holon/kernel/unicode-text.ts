/**
 * Whether a text is Unicode: no half of a surrogate pair stands alone in it.
 *
 * UTF-8 cannot express a lone half. Sockets and Postgres put U+FFFD in its place, so that two different texts become equal.
 */
export function isUnicode(text: string): boolean {
  return text.isWellFormed();
}

/** Whether all texts of a JSON value of any depth are Unicode, keys too. */
export function isUnicodeJson(value: unknown): boolean {
  return findNotUnicode(value) === undefined;
}

type Container = Readonly<Record<string, unknown>> | readonly unknown[];

/** An array or object that the search is inside of, and the step that led to it. */
interface Place {
  readonly value: Container;
  readonly step: string | number;
  readonly parent: Place | undefined;
}

/**
 * Finds a text of a JSON value, a string or a key, that is not Unicode. The result is undefined if all texts are Unicode.
 *
 * Shape: the steps to that text, outermost first; if a key is not Unicode, the last step is the key itself. The value may be nested to any depth, because it
 * may not have been checked before.
 */
export function findNotUnicode(value: unknown): readonly (string | number)[] | undefined {
  if (typeof value === "string") return isUnicode(value) ? undefined : [];
  if (!isContainer(value)) return undefined;
  const pending: Place[] = [{ value, step: "", parent: undefined }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const step = Array.isArray(place.value) ? badItem(place, pending) : badMember(place, pending);
    if (step !== undefined) return pathOf(place, step);
  }
  return undefined;
}

function badItem(parent: Place, pending: Place[]): number | undefined {
  const items = parent.value as readonly unknown[];
  for (let step = 0; step < items.length; step++) {
    const value = items[step];
    if (typeof value === "string" && !isUnicode(value)) return step;
    if (isContainer(value)) pending.push({ value, step, parent });
  }
  return undefined;
}

function badMember(parent: Place, pending: Place[]): string | undefined {
  const members = parent.value as Readonly<Record<string, unknown>>;
  for (const step in members) {
    const value = members[step];
    if (!isUnicode(step) || (typeof value === "string" && !isUnicode(value))) return step;
    if (isContainer(value)) pending.push({ value, step, parent });
  }
  return undefined;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function pathOf(place: Place, last: string | number): (string | number)[] {
  const steps = [last];
  for (let at = place; at.parent !== undefined; at = at.parent) steps.push(at.step);
  return steps.reverse();
}
