/** What is found out about a value before it is parsed. */
interface JsonSurvey {
  /** Whether the value equals its JSON image, member by member. */
  readonly plain: boolean;
  /** Number of values inside, including itself. Counting stops when the value is found not to be plain. */
  readonly count: number;
}

/** A value that is nested deeper counts as not plain. No limit of the toolkit allows this depth, and a walk to it is far from overflowing the stack. */
const GREATEST_DEPTH = 1_000;

/** Walks through a value to find out whether it is JSON as it stands, and how large it is. A value with a cycle counts as not plain. */
export function surveyJson(value: unknown): JsonSurvey {
  const survey = { plain: true, count: 0 };
  look(value, survey, 0);
  return survey;
}

/** Whether a value equals its JSON image. */
export function isJson(value: unknown): boolean {
  return surveyJson(value).plain;
}

/**
 * The JSON image of a value, which is the value after a trip over the network: undefined members are gone, `toJSON` was called, NaN is null.
 *
 * Errors: TypeError for a cycle or a bigint, as JSON.stringify throws it.
 */
export function jsonImage(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : JSON.parse(text);
}

/** Whether arrays and objects are nested more than `depth` levels deep; true for a value that refers to itself. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, depth - 1));
}

function look(value: unknown, survey: { plain: boolean; count: number }, depth: number): void {
  survey.count += 1;
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return;
  if (typeof value !== "object" || depth > GREATEST_DEPTH || !isPlainContainer(value)) {
    survey.plain = false;
    return;
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && survey.plain; index++) look(value[index], survey, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    if (!survey.plain) return;
    look((value as Record<string, unknown>)[key], survey, depth + 1);
  }
}

function isPlainContainer(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (Array.isArray(value) || prototype === Object.prototype || prototype === null) && typeof (value as { toJSON?: unknown }).toJSON !== "function"
  );
}
