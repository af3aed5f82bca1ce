import type { Principal } from "../../kernel/index.ts";
import { parsePrincipal } from "../protocol/index.ts";

/** What a call says that most calls do not. */
export interface Extras {
  readonly key: string | undefined;
  readonly initiator: Principal | undefined;
}

const NO_EXTRAS: Extras = { key: undefined, initiator: undefined };

/** More items than anybody makes room for. */
const GREATEST_COUNT = 0x3fff_ffff;

/** Whether a value can say how many items there is room for. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= GREATEST_COUNT;
}

/** Whether a value can be a place in a list; a name would reach what every array has. */
export function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Whether a value can be the milliseconds that a call has left. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

/** The extras of a call, without members that are unknown here; a sentence says why the initiator is not believed; undefined where they are malformed. */
export function parseExtras(value: unknown): Extras | string | undefined {
  if (value === 0) return NO_EXTRAS;
  if (typeof value !== "object" || value === null) return undefined;
  const { key, initiator } = value as Record<string, unknown>;
  if (key !== undefined && typeof key !== "string") return undefined;
  if (initiator === undefined) return { key, initiator };
  if (typeof initiator !== "object" || initiator === null) return undefined;
  const principal = parsePrincipal(initiator);
  return principal === undefined ? "who started the work is of a kind that this version does not know" : { key, initiator: principal };
}
