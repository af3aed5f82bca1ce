import { z } from "zod";
import { type AnyProcedure, NOTHING } from "./procedure.ts";
import { type AnySchema, defOf } from "./schema-def.ts";
import { type Direction, type JsonSchema, misfit } from "./schema-fit.ts";
import { textHash } from "./text-hash.ts";

/** One version of a procedure in the form in which two processes compare it: plain JSON, without descriptions, access, defaults and routes. */
export interface ProcedureDescription {
  readonly type: AnyProcedure["type"];
  readonly idempotent: boolean;
  /** The JSON Schema of the input; null if there is no input. */
  readonly input: JsonSchema | null;
  /** Whether callers may leave the input out. */
  readonly inputOptional: boolean;
  /** The JSON Schema of the answer, or of each item of a subscription; null if there is no answer. */
  readonly output: JsonSchema | null;
  /** The JSON Schemas of the details of the declared errors, by code. */
  readonly errors: Readonly<Record<string, JsonSchema>>;
  /** 16 hexadecimal digits; equal hashes mean equal descriptions. */
  readonly hash: string;
}

/** Whether a caller and a callee that were built separately understand each other. */
type ProcedureComparison = { readonly compatible: true } | { readonly compatible: false; readonly reason: string };

/** Describes a procedure for {@link compareProcedures}. It costs about as much as making a JSON Schema, so do it once, at start. */
export function describeProcedure(procedure: AnyProcedure): ProcedureDescription {
  const { type, idempotent } = procedure;
  const input = toJsonSchema(procedure.input, "input");
  const description = {
    type,
    idempotent,
    input,
    inputOptional: input === null || defOf(procedure.input as AnySchema).type === "optional",
    output: toJsonSchema(procedure.output, "output"),
    errors: Object.fromEntries(Object.entries(procedure.errors).map(([code, schema]) => [code, toJsonSchema(schema as z.ZodType, "output") ?? {}])),
  };
  return { ...description, hash: textHash(JSON.stringify(canonical(description))) };
}

/**
 * A short text that is equal for two versions of a procedure if their type, idempotency and schemas are equal. The order of members and the descriptions do not
 * count.
 */
export function procedureFingerprint(procedure: AnyProcedure): string {
  return describeProcedure(procedure).hash;
}

/**
 * Compares the caller's version of a procedure with the callee's.
 *
 * Compatible means: the callee accepts everything that the caller may send, and the caller understands everything that the callee may answer, except members
 * that it can ignore. A new optional member of the input and a new member of the output are compatible both ways. If JSON Schema cannot decide, such as whether
 * one regular expression implies another, the versions count as incompatible.
 */
export function compareProcedures(caller: ProcedureDescription, callee: ProcedureDescription): ProcedureComparison {
  const reason = caller.hash === callee.hash ? undefined : findReason(caller, callee);
  return reason === undefined ? { compatible: true } : { compatible: false, reason };
}

function findReason(caller: ProcedureDescription, callee: ProcedureDescription): string | undefined {
  if (caller.type !== callee.type) return `it is a ${caller.type} for the caller and a ${callee.type} for the callee`;
  if (caller.idempotent && !callee.idempotent) return "it is idempotent for the caller, but not for the callee";
  return inputReason(caller, callee) ?? outputReason(caller, callee) ?? errorReason(caller, callee);
}

function inputReason(caller: ProcedureDescription, callee: ProcedureDescription): string | undefined {
  if (caller.inputOptional && !callee.inputOptional) return "input: the caller may send nothing, the callee needs something";
  if (caller.input === null) return undefined;
  if (callee.input === null) return "input: the caller sends something, the callee takes nothing";
  return compare("input", caller.input, callee.input, "toCallee");
}

function outputReason(caller: ProcedureDescription, callee: ProcedureDescription): string | undefined {
  if (caller.output === null) return undefined;
  if (callee.output === null) return "output: the caller expects something, the callee answers nothing";
  return compare("output", callee.output, caller.output, "toCaller");
}

/** A code that only one side declares is compatible, because a caller may always get an error that it does not handle. */
function errorReason(caller: ProcedureDescription, callee: ProcedureDescription): string | undefined {
  for (const [code, expected] of Object.entries(caller.errors)) {
    const sent = callee.errors[code];
    const reason = sent === undefined ? undefined : compare(`errors.${code}`, sent, expected, "toCaller");
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function compare(part: string, sent: JsonSchema, taken: JsonSchema, direction: Direction): string | undefined {
  const found = misfit(sent, taken, direction);
  return found === undefined ? undefined : `${part}${found.path}: ${found.problem}`;
}

/** Keywords that do not restrict values. */
const WORDS = new Set(["$schema", "title", "description", "examples", "deprecated", "default", "readOnly", "id", "$id"]);

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema | null {
  if ((schema as unknown) === NOTHING) return null;
  return withoutWords(z.toJSONSchema(schema, { io, unrepresentable: "any", metadata: z.registry() })) as JsonSchema;
}

/**
 * A copy without the keywords of {@link WORDS}. `names` says whether the keys are names that a contract chose, such as those of `properties`. Such keys are
 * kept even if they look like keywords.
 */
function withoutWords(value: unknown, names = false): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutWords(each));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => names || !WORDS.has(key));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutWords(member, !names && (key === "properties" || key === "$defs"))]));
}

/** A copy with sorted keys. Lists are sorted too if their order has no meaning. */
function canonical(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((each) => canonical(each));
    return key === "required" || key === "enum" ? items.sort((one, two) => (JSON.stringify(one) < JSON.stringify(two) ? -1 : 1)) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [two]) => (one < two ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, canonical(member, name)]));
}
