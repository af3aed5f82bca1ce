import type { z } from "zod";
import { COMMON_REFUSALS, isCatalogueCode } from "../kernel/error-catalogue.ts";
import { ContractError } from "./contract-error.ts";
import { assertJsonOnly } from "./json-only.ts";
import { createParser, ParseFailure } from "./parser.ts";
import { type AnyProcedure, isProcedure, NOTHING, type ProcedureTree } from "./procedure.ts";
import { assertRateLimits } from "./rate-limit.ts";
import { parseRestRoutes, type RestRoute } from "./rest-route.ts";

/** The contract of one event. Plain data; made by {@link event}. */
export interface EventSpec<Payload extends z.ZodObject = z.ZodObject> {
  readonly kind: "event";
  readonly payload: Payload;
  /** Events with the same value of this field arrive at each subscriber in the order of their commits. */
  readonly orderedBy: (keyof z.output<Payload> & string) | undefined;
}

/** Events by name; names are in the past tense. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every payload, and zod's types are invariant
export type EventMap = Readonly<Record<string, EventSpec<any>>>;

/** Declares an event that happens in a context and that other contexts may handle. */
export function event<Payload extends z.ZodObject>(
  payload: Payload,
  options: { readonly orderedBy?: keyof z.output<Payload> & string } = {},
): EventSpec<Payload> {
  return { kind: "event", payload, orderedBy: options.orderedBy };
}

/** The promises of a context to other contexts and to clients. Plain data that a browser can import. */
export interface Contract<Name extends string = string, Procedures extends ProcedureTree = ProcedureTree, Events extends EventMap = EventMap> {
  readonly kind: "contract";
  readonly name: Name;
  readonly procedures: Procedures;
  readonly events: Events;
  /** The purpose of the context in one sentence, for documents. */
  readonly description: string | undefined;
  /** The parsed `rest` lines of the procedures, in the order of declaration. */
  readonly routes: readonly RestRoute[];
}

/** Contracts by the name of their context. */
export type ContractMap = Readonly<Record<string, Contract>>;

const CONTEXT_NAME = /^[a-z][a-z0-9]{0,30}$/;
const MEMBER_NAME = /^[a-z][A-Za-z0-9]{0,62}$/;
const COMMON: ReadonlySet<string> = new Set(COMMON_REFUSALS);
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,62}$/;

/** Names that every object has, or to which tRPC's clients and promises give their own meaning. */
const RESERVED = new Set([
  ...["then", "catch", "finally", "call", "apply", "bind", "query", "mutate", "subscribe", "prototype", "toJSON"],
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/**
 * Declares the promises of a context.
 *
 * Errors: ContractError for a name that is malformed or reserved, for a schema that JSON cannot carry without loss, for an error code that the toolkit itself
 * uses, for `statuses` or `rateLimits` that cannot work, for an `orderedBy` that is not a field, for a `rest` line that cannot work (see
 * {@link parseRestRoutes}), and for an example that does not fit its schema. The message names the procedure, the path inside the schema, and the cure.
 */
export function contract<const Name extends string, const Procedures extends ProcedureTree, const Events extends EventMap = {}>(
  name: Name,
  parts: { readonly procedures: Procedures; readonly events?: Events; readonly description?: string },
): Contract<Name, Procedures, Events> {
  if (!CONTEXT_NAME.test(name)) {
    throw new ContractError(`contract "${name}"`, "a context's name is lower-case letters and digits, at most 31, and begins with a letter");
  }
  checkReserved(`contract "${name}"`, name);
  const procedures = [...walkProcedures(parts.procedures)].map(([path, procedure]) => [`${name}.${path}`, procedure] as const);
  for (const [path, procedure] of procedures) checkProcedure(path, procedure);
  const events = parts.events ?? ({} as Events);
  for (const [eventName, spec] of Object.entries(events)) {
    checkName(`${name} event ${eventName}`, eventName);
    assertJsonOnly(`${name} event ${eventName}`, "payload", spec.payload);
    if (spec.orderedBy !== undefined && !Object.hasOwn(spec.payload.shape, spec.orderedBy)) {
      throw new ContractError(`${name} event ${eventName}`, `orderedBy names "${spec.orderedBy}", which is not a field of the payload`);
    }
  }
  return { kind: "contract", name, procedures: parts.procedures, events, description: parts.description, routes: parseRestRoutes(procedures) };
}

/** All procedures of a tree with their dotted paths, in the order of declaration. */
export function* walkProcedures(tree: ProcedureTree, prefix = ""): Generator<readonly [path: string, procedure: AnyProcedure]> {
  for (const [name, node] of Object.entries(tree)) {
    checkName(prefix + name, name);
    if (isProcedure(node)) yield [prefix + name, node];
    else yield* walkProcedures(node, `${prefix}${name}.`);
  }
}

function checkName(where: string, name: string): void {
  checkReserved(where, name);
  if (!MEMBER_NAME.test(name))
    throw new ContractError(where, "a name must be camelCase: at most 63 letters and digits, the first one a lower-case letter");
}

function checkReserved(where: string, name: string): void {
  if (RESERVED.has(name)) throw new ContractError(where, `"${name}" has a meaning of its own in clients; choose another name`);
}

function checkProcedure(where: string, procedure: AnyProcedure): void {
  assertRateLimits(where, procedure);
  if (procedure.input !== NOTHING) assertJsonOnly(where, "input", procedure.input);
  if (procedure.output !== NOTHING) assertJsonOnly(where, "output", procedure.output);
  checkExample(where, procedure);
  for (const [code, schema] of Object.entries(procedure.errors)) {
    if (!ERROR_CODE.test(code)) throw new ContractError(where, `error code "${code}" is not UPPER_SNAKE_CASE`);
    if (isCatalogueCode(code) && !COMMON.has(code)) throw new ContractError(where, `error code "${code}" is the toolkit's own; choose another name`);
    assertJsonOnly(where, `errors.${code}`, schema as AnyProcedure["input"]);
  }
  for (const [code, status] of Object.entries(procedure.statuses)) {
    if (!Object.hasOwn(procedure.errors, code)) throw new ContractError(where, `statuses names "${code}", which is not among the declared errors`);
    if (!Number.isInteger(status) || status < 400 || status > 499)
      throw new ContractError(where, `status ${status} of "${code}" is not between 400 and 499`);
  }
}

function checkExample(where: string, { example, input, output, resumable }: AnyProcedure): void {
  if (example === undefined) return;
  const parts = { input, output: resumable ? (output as z.ZodObject).shape["data"] : output } as { input: z.ZodType; output: z.ZodType };
  for (const part of ["input", "output"] as const) {
    const parsed = Object.hasOwn(example, part) ? createParser(parts[part])(example[part]) : undefined;
    if (!(parsed instanceof ParseFailure)) continue;
    const [issue] = parsed.issues;
    throw new ContractError(where, `example.${part} does not fit its schema at "${issue?.path}": ${issue?.message}`);
  }
}
