import type { z } from "zod";
import type { Data } from "./contracts/shapes.ts";

type DataValue = z.output<typeof Data>;

/** Returns new data with nested objects of each kind. */
export function dataOf(text: string): DataValue {
  return { text, list: [{ n: 1 }], record: { a: { n: 2 } }, tuple: [{ n: 3 }], union: { n: 4 }, json: { deep: [{ n: 5 }] }, optional: { n: 6 } };
}

/** Changes a value everywhere: all numbers, all texts, and the length of all lists. */
export function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === "object") spoil(member);
    else (value as Record<string, unknown>)[key] = typeof member === "number" ? -1 : "spoilt";
  }
  if (Array.isArray(value)) value.push("spoilt");
}

/** How many objects two values share. */
export function sharedCount(one: unknown, other: unknown): number {
  const objects = new Set(objectsIn(one));
  return [...objectsIn(other)].filter((object) => objects.has(object)).length;
}

function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null) return;
  yield value;
  for (const member of Object.values(value)) yield* objectsIn(member);
}
