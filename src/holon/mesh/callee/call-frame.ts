import type { Principal } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { parseTraceparent, type Trace } from "../../kernel/trace.ts";
import { parsePrincipal } from "../protocol/wire-principal.ts";

/** What only some calls carry: an idempotency key, and the principal that started the work. */
interface Extras {
  readonly key: string | undefined;
  readonly initiator: Principal | undefined;
}

const NO_EXTRAS: Extras = { key: undefined, initiator: undefined };

/** The largest credit that is accepted: more items than any consumer keeps. */
const GREATEST_COUNT = 0x3fff_ffff;

/** Whether a value can be a number of items that the consumer has room for. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= GREATEST_COUNT;
}

/** Whether a value can be an index of a list. A string is refused: it would reach properties that every array has. */
export function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** Whether a value can be the milliseconds that a call has left. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

/**
 * Reads the extras of a call. Members that this version does not know are dropped. The result is a sentence with the reason if the initiator is refused,
 * and undefined if the extras are malformed.
 */
export function parseExtras(value: unknown): Extras | string | undefined {
  if (value === 0) return NO_EXTRAS;
  if (typeof value !== "object" || value === null) return undefined;
  const { key, initiator } = value as Record<string, unknown>;
  if (key !== undefined && typeof key !== "string") return undefined;
  if (initiator === undefined) return { key, initiator };
  if (typeof initiator !== "object" || initiator === null) return undefined;
  const principal = parsePrincipal(initiator);
  return principal === undefined ? "the initiator of the work is of a kind that this version does not know" : { key, initiator: principal };
}

/** The scope of a call that came over the mesh. Its place in the trace is parsed from `traceparent` at the first use. */
export class CallScope extends Scope {
  readonly #traceparent: string;
  #place: Trace | undefined = undefined;

  constructor(
    principal: Principal,
    deadlineAtMs: number,
    caller: string,
    key: string | undefined,
    traceparent: string,
    initiator: Principal | undefined,
  ) {
    super(principal, deadlineAtMs, caller, key, undefined, undefined, initiator);
    this.#traceparent = traceparent;
  }

  override get trace(): Trace {
    this.#place ??= parseTraceparent(this.#traceparent);
    return this.#place;
  }
}
