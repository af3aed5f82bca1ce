// For users: the functions that write contracts, and the types of their calls.

export { type Contract, type ContractMap, contract, event } from "./contract.ts";
export { ContractError } from "./contract-error.ts";
export { type Cursor, cursor } from "./cursor.ts";
export {
  type Access,
  type ErrorSchemas,
  type InputOf,
  type MutationOptions,
  mutation,
  type OutputOf,
  type ParsedInputOf,
  type ProcedureExample,
  type ProcedureOptions,
  query,
  type RestOptions,
  type ReturnOf,
  type SubscriptionOptions,
  subscription,
} from "./procedure.ts";
export type { RateLimit, RateLimitKey } from "./rate-limit.ts";
export type { RestLine, RestMethod } from "./rest-line.ts";

// For authors of extensions: functions and types that read any contract. They walk its procedures, parse its values, find its routes and call its targets.

export { type EventMap, type EventSpec, walkProcedures } from "./contract.ts";
export { createAnswerParser, createParser, HALF_PAIR, type Issue, notUnicode, ParseFailure, type Parser } from "./parser.ts";
export {
  type AnyProcedure,
  type CommonErrors,
  type DeclaredErrorsOf,
  type InputArguments,
  isProcedure,
  NOTHING,
  type Nothing,
  type Procedure,
  type ProcedureTree,
  type ProcedureType,
  type ResumableItem,
} from "./procedure.ts";
export { assertRateLimits, rateLimitField } from "./rate-limit.ts";
export { type ParsedRestLine, parseRestLine, RESERVED_SEGMENTS } from "./rest-line.ts";
export type {
  /** @deprecated It is only a type and cannot be called. Use the fields of the routes that `parseRestRoutes` returns. */
  inputMembers,
  /** @deprecated It is only a type and cannot be called. Use the fields of the routes that `parseRestRoutes` returns. */
  mayBeAbsent,
  RestField,
  TextKind,
  /** @deprecated It is only a type and cannot be called. Use the fields of the routes that `parseRestRoutes` returns. */
  toRestField,
} from "./rest-route.ts";
export { assertDistinctRoutes, parseRestRoutes, type RestRoute } from "./rest-route.ts";
export type { ErrorData, ErrorShape, ErrorShapeOf, RouterOf } from "./router-types.ts";
export { accessRefusal, type Target, type TargetMap } from "./target.ts";
