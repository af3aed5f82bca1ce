import { z } from "zod";
import type { RateLimit } from "./rate-limit.ts";
import type { RestLine } from "./rest-line.ts";

/** Who may call a procedure. `internal` means other contexts only; a role implies a signed-in user. */
export type Access = "public" | "user" | "internal" | { readonly role: string };

/** What a procedure does: it reads, it writes, or it streams. */
export type ProcedureType = "query" | "mutation" | "subscription";

/** The errors that a procedure declares: code to the schema of its details. */
export type ErrorSchemas = Readonly<Record<string, z.ZodType>>;

/** Stands for "takes no input" and "answers nothing". */
export type Nothing = z.ZodUndefined;

/** The schema of {@link Nothing}. */
export const NOTHING: Nothing = z.undefined();

/** A REST route that needs more than its line. */
export interface RestOptions {
  readonly route: RestLine;
  /**
   * Status of a success. 204 where there is no output; 201 for a POST whose answer has an `id` that a GET of the contract takes, with its
   * `Location`; else 200.
   */
  readonly status?: number;
  /** `Cache-Control` of a success of a GET, as in `public, max-age=60`; `private` where the access is not public. */
  readonly cache?: string;
  /** Where to find what was made, over members of the answer, as in `/orders/{id}`. */
  readonly location?: string;
}

/** Values that documents show. They are checked against the schemas when the contract is declared. */
export interface ProcedureExample<Input = unknown, Output = unknown> {
  readonly input?: Input;
  readonly output?: Output;
}

/** What a contract says of one procedure. Plain data; made by {@link query}, {@link mutation} and {@link subscription}. */
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
  /** Absent where the procedure takes no input. */
  readonly input: Input;
  readonly output: Output;
  readonly errors: Errors;
  /** A mutation that may be sent again with the same key and has its effect once. Queries always are. */
  readonly idempotent: Idempotent;
  /** A subscription whose items have ids that a client may resume after; see {@link SubscriptionOptions.resumable}. */
  readonly resumable: boolean;
  /** HTTP status of declared errors that do not use the default of 422. */
  readonly statuses: Readonly<Record<string, number>>;
  /** REST route, as in `GET /products/{id}`; parsed in the `routes` of the contract. */
  readonly rest: RestLine | RestOptions | undefined;
  readonly description: string | undefined;
  readonly example: ProcedureExample | undefined;
  readonly deprecated: boolean;
  /** How often it may be called from outside, beside the limits that hold for all calls. */
  readonly rateLimits: readonly RateLimit[];
}

/** Any procedure; for constraints. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every schema, and zod's types are invariant
export type AnyProcedure = Procedure<ProcedureType, any, any, any, any>;

/** Procedures by name, in groups as deep as one likes. */
export interface ProcedureTree {
  readonly [name: string]: AnyProcedure | ProcedureTree;
}

/** What {@link query}, {@link mutation} and {@link subscription} have in common. */
export interface ProcedureOptions<Input extends z.ZodType, Output extends z.ZodType, Errors extends ErrorSchemas, Allowed extends Access = Access> {
  /** Required: a procedure without a decision on who may call it does not compile. */
  readonly access: Allowed;
  readonly input?: Input;
  readonly output?: Output;
  /** Refusals of this procedure, typed: `{ OUT_OF_STOCK: z.object({ available: z.int() }) }`. */
  readonly errors?: Errors;
  /** HTTP status of a declared error, where 422 does not say it well. */
  readonly statuses?: { readonly [Code in keyof Errors]?: number };
  /** REST route: a line, as in `GET /products/{id}`, or a line and more. Its methods, its places and its answers are checked by `contract`. */
  readonly rest?: RestLine | RestOptions;
  readonly description?: string;
  /** For documents; of a subscription that is resumable the output is the data of an item. */
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
  /** Callers may send a key; the same key again gets the first answer and has no second effect. */
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
   * Items are `{ id, data }`, of which `output` is the data. A client that reconnects sends the last id that it got, as the field `lastEventId` of
   * the input, which the input must then have: `lastEventId: z.string().optional()`.
   */
  readonly resumable?: Resumable;
}

/** One item of a resumable subscription. */
export type ResumableItem<Data extends z.ZodType> = z.ZodObject<{ id: z.ZodString; data: Data }>;

/** A type parameter that is not inferred from here: else the tree that a procedure is written in would turn what it leaves out into `any`. */
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
  // The return type decides by the literal type of `resumable`, which TypeScript does not follow through a value.
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
