/** A copy of an object without its undefined members. Deleting them instead would make each later read of the object slow. */
export function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (object[key] !== undefined) result[key] = object[key];
  }
  return result;
}

/** Brings data to the form that JSON gives it, whatever its schema. Works in place, except for objects with an undefined member. */
export function normalizeJson(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = normalizeJson(value[index]);
    return value;
  }
  const object = value as Record<string, unknown>;
  let strip = false;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (member === undefined) strip = true;
    else if (member === 0 || typeof member === "object") object[key] = normalizeJson(member);
  }
  return strip ? withoutUndefined(object) : object;
}

/** A copy of data in the form that JSON gives it. An object that is in two places is copied twice. */
export function copyJson(value: unknown): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) result[key] = copyJson(member);
  }
  return result;
}
