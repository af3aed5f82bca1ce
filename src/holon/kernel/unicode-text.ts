/**
 * Whether a text is Unicode: no half of a surrogate pair stands alone in it.
 *
 * A lone half has no UTF-8. Sockets and Postgres put U+FFFD in its place, so that two texts become one.
 */
export function isUnicode(text: string): boolean {
  return text.isWellFormed();
}

/**
 * Whether all texts of a JSON value are Unicode, keys too.
 *
 * The value may be nested to any depth, as what a peer sends: what is still to be looked at is kept in a list, not on the stack.
 */
export function isUnicodeJson(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string") {
      if (!isUnicode(next)) return false;
    } else if (Array.isArray(next)) {
      for (const member of next) open.push(member);
    } else if (typeof next === "object" && next !== null) {
      for (const name of Object.keys(next)) {
        if (!isUnicode(name)) return false;
        open.push((next as Record<string, unknown>)[name]);
      }
    }
  }
  return true;
}

/**
 * Where the first text of a value is that is not Unicode, a key or a string; undefined if all are.
 *
 * Shape: the steps to it, outermost first; the last step is the key itself if a key is at fault. The value is JSON of bounded depth.
 */
export function findNotUnicode(value: unknown): readonly (string | number)[] | undefined {
  return find(value)?.reverse();
}

function find(value: unknown): (string | number)[] | undefined {
  if (typeof value === "string") return isUnicode(value) ? undefined : [];
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const steps = find(value[index]);
      if (steps !== undefined) return at(steps, index);
    }
    return undefined;
  }
  for (const key in value) {
    if (!isUnicode(key)) return [key];
    const steps = find((value as Record<string, unknown>)[key]);
    if (steps !== undefined) return at(steps, key);
  }
  return undefined;
}

function at(steps: (string | number)[], step: string | number): (string | number)[] {
  steps.push(step);
  return steps;
}
