import { z } from "zod";
import type { CommonRefusal } from "../kernel/error-catalogue.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { RestLine } from "./rest-line.ts";

/** The principals that may call a procedure. `internal` means other contexts only; a role implies a signed-in user. */
export type Access = "public" | "user" | "internal" | { readonly role: string };

/** What a procedure does: it reads, it writes, or it streams. */
export type ProcedureType = "query" | "mutation" | "subscription";

/** The errors that a procedure declares: the schema of the details for each code. */
export type ErrorSchemas = Readonly<Record<string, z.ZodType>>;

/** The type of {@link NOTHING}. */
export type Nothing = z.ZodUndefined;

/** The schema of a procedure without input or without an answer. */
export const NOTHING: Nothing = z.undefined();

/** A REST route with options besides its line. */
export interface RestOptions {
  readonly route: RestLine;
  /**
   * Status of a success. The default is 204 without an output; 201 for a POST whose answer has an `id` that a GET of the contract takes (then the answer also
   * has a `Location`); otherwise 200.
   */
  readonly status?: number;
  /** `Cache-Control` of a successful GET, such as `public, max-age=60`. It must contain `private` or `no-store` if the access is not public. */
  readonly cache?: string;
  /** The path of the created resource, with members of the answer, such as `/orders/{id}`. */
  readonly location?: string;
}

/** Example values, which documents show. They are checked against the schemas when the contract is declared. */
export interface ProcedureExample<Input = unknown, Output = unknown> {
  readonly input?: Input;
  readonly output?: Output;
}

/** The contract of one procedure. Plain data; made by {@link query}, {@link mutation} and {@link subscription}. */
export interface Procedure<
  Type extends ProcedureType = ProcedureType,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
  Errors extends ErrorSchemas = ErrorSchemas,
  Idempotent extends boolean = boolean,
  Allowed extends Access = Access,
> {
  readonly kind: "procedure";
  readonly type: Type;
  readonly access: Allowed;
  /** {@link NOTHING} if the procedure takes no input. */
  readonly input: Input;
  readonly output: Output;
  readonly errors: Errors;
  /** Whether a mutation may be sent again with the same key, and still has its effect once. Queries are always idempotent. */
  readonly idempotent: Idempotent;
  /** Whether a subscription's items have ids after which a client may resume; see {@link SubscriptionOptions.resumable}. */
  readonly resumable: boolean;
  /** HTTP status of declared errors that do not use the default of 422. */
  readonly statuses: Readonly<Record<string, number>>;
  /** REST route, such as `GET /products/{id}`. The contract's `routes` have it in parsed form. */
  readonly rest: RestLine | RestOptions | undefined;
  readonly description: string | undefined;
  readonly example: ProcedureExample | undefined;
  readonly deprecated: boolean;
  /** How often the procedure may be called from outside, in addition to the limits of all calls. */
  readonly rateLimits: readonly RateLimit[];
}

/** Any procedure, for constraints of type parameters. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every schema, and zod's types are invariant
export type AnyProcedure = Procedure<ProcedureType, any, any, any, any>;

/** Procedures by name, in groups of any depth. */
export interface ProcedureTree {
  readonly [name: string]: AnyProcedure | ProcedureTree;
}

/** Options of every procedure: of {@link query}, {@link mutation} and {@link subscription}. */
export interface ProcedureOptions<Input extends z.ZodType, Output extends z.ZodType, Errors extends ErrorSchemas, Allowed extends Access = Access> {
  /** Required: a procedure without a decision about its callers does not compile. */
  readonly access: Allowed;
  readonly input?: Input;
  readonly output?: Output;
  /** Refusals of this procedure, typed: `{ OUT_OF_STOCK: z.object({ available: z.int() }) }`. */
  readonly errors?: Errors;
  /** HTTP status of a declared error, if 422 does not fit. */
  readonly statuses?: { readonly [Code in keyof Errors]?: number };
  /** REST route: a line, such as `GET /products/{id}`, or an object with the line and options. `contract` checks its method, its path and its answers. */
  readonly rest?: RestLine | RestOptions;
  readonly description?: string;
  /** An example for documents. For a resumable subscription, its output is the data of an item. */
  readonly example?: ProcedureExample<z.input<Input>, z.input<Output>>;
  readonly deprecated?: boolean;
  /** Limits of this procedure alone: `[{ limit: 5, windowMs: 900_000, by: ["address", "input.email"] }]`. */
  readonly rateLimits?: readonly RateLimit[];
}

/** Options of {@link mutation}. */
export interface MutationOptions<
  Input extends z.ZodType,
  Output extends z.ZodType,
  Errors extends ErrorSchemas,
  Idempotent extends boolean,
  Allowed extends Access = Access,
> extends ProcedureOptions<Input, Output, Errors, Allowed> {
  /** Callers may send a key. A second call with the same key gets the first answer and has no second effect. */
  readonly idempotent?: Idempotent;
}

/** Options of {@link subscription}. */
export interface SubscriptionOptions<
  Input extends z.ZodType,
  Output extends z.ZodType,
  Errors extends ErrorSchemas,
  Resumable extends boolean,
  Allowed extends Access = Access,
> extends ProcedureOptions<Input, Output, Errors, Allowed> {
  /**
   * Items are `{ id, data }`, and `output` is the schema of the data. A client that reconnects sends the id of its last item in the field `lastEventId` of the
   * input, so the input must have that field: `lastEventId: z.string().optional()`.
   */
  readonly resumable?: Resumable;
}

/** One item of a resumable subscription. */
export type ResumableItem<Data extends z.ZodType> = z.ZodObject<{ id: z.ZodString; data: Data }>;

/** Keeps TypeScript from inferring this type parameter here. Otherwise the tree around a procedure would turn options that are left out into `any`. */
type Settled<T> = [T][T extends unknown ? 0 : never];

/** A procedure that reads. It is safe to repeat. */
export function query<
  Input extends z.ZodType = Nothing,
  Output extends z.ZodType = Nothing,
  const Errors extends ErrorSchemas = {},
  const Allowed extends Access = Access,
>(
  options: ProcedureOptions<Input, Output, Errors, Allowed>,
): Procedure<"query", Settled<Input>, Settled<Output>, Settled<Errors>, true, Settled<Allowed>> {
  return procedure("query", options, true);
}

/** A procedure that changes something. */
export function mutation<
  Input extends z.ZodType = Nothing,
  Output extends z.ZodType = Nothing,
  const Errors extends ErrorSchemas = {},
  const Idempotent extends boolean = false,
  const Allowed extends Access = Access,
>(
  options: MutationOptions<Input, Output, Errors, Idempotent, Allowed>,
): Procedure<"mutation", Settled<Input>, Settled<Output>, Settled<Errors>, Settled<Idempotent>, Settled<Allowed>> {
  return procedure("mutation", options, (options.idempotent ?? false) as Idempotent);
}

/** A procedure that answers with a stream of items; `output` is the schema of one item. */
export function subscription<
  Input extends z.ZodType = Nothing,
  Output extends z.ZodType = Nothing,
  const Errors extends ErrorSchemas = {},
  const Resumable extends boolean = false,
  const Allowed extends Access = Access,
>(
  options: SubscriptionOptions<Input, Output, Errors, Resumable, Allowed>,
): Procedure<
  "subscription",
  Settled<Input>,
  Settled<Resumable extends true ? ResumableItem<Output> : Output>,
  Settled<Errors>,
  false,
  Settled<Allowed>
> {
  const plain = procedure("subscription", options, false);
  const made = options.resumable === true ? { ...plain, output: z.object({ id: z.string(), data: plain.output }), resumable: true } : plain;
  // `resumable` decides the return type by its literal type, which TypeScript does not follow through a value.
  return made as never;
}

function procedure<
  Type extends ProcedureType,
  Input extends z.ZodType,
  Output extends z.ZodType,
  Errors extends ErrorSchemas,
  Idempotent extends boolean,
  Allowed extends Access,
>(
  type: Type,
  options: ProcedureOptions<Input, Output, Errors, Allowed>,
  idempotent: Idempotent,
): Procedure<Type, Input, Output, Errors, Idempotent, Allowed> {
  return {
    kind: "procedure",
    type,
    access: options.access,
    input: options.input ?? (NOTHING as unknown as Input),
    output: options.output ?? (NOTHING as unknown as Output),
    errors: options.errors ?? ({} as Errors),
    idempotent,
    resumable: false,
    statuses: (options.statuses ?? {}) as Readonly<Record<string, number>>,
    rest: options.rest,
    description: options.description,
    example: options.example,
    deprecated: options.deprecated ?? false,
    rateLimits: options.rateLimits ?? [],
  };
}

/** Whether a node of a procedure tree is a procedure. */
export function isProcedure(node: AnyProcedure | ProcedureTree): node is AnyProcedure {
  return (node as { kind?: unknown }).kind === "procedure";
}

/** The type of the input that a caller passes. */
export type InputOf<P extends AnyProcedure> = z.input<P["input"]>;

/** The type of the input that a handler gets, after parsing. */
export type ParsedInputOf<P extends AnyProcedure> = z.output<P["input"]>;

/** The return type of a handler. A handler that answers nothing need not return a value. */
export type ReturnOf<P extends AnyProcedure> = undefined extends z.input<P["output"]> ? z.input<P["output"]> | void : z.input<P["output"]>;

/** The type of the answer that a caller gets. */
export type OutputOf<P extends AnyProcedure> = z.output<P["output"]>;

/** The errors that a procedure declares, as a map from code to the type of the details. */
export type DeclaredErrorsOf<P extends AnyProcedure> =
  P extends Procedure<infer _T, infer _I, infer _O, infer Errors, infer _D> ? { [Code in keyof Errors & string]: z.output<Errors[Code]> } : never;

/** The refusals that any procedure may answer with and that no contract declares, such as NOT_FOUND and CONFLICT. The type of their details is not known. */
export type CommonErrors = { [Code in CommonRefusal]: unknown };

/** Makes the input optional in a parameter list if it may be `undefined`. */
export type InputArguments<Input, Options> = undefined extends Input ? [input?: Input, options?: Options] : [input: Input, options?: Options];
