import type {
  AnyTRPCRootTypes,
  TRPC_ERROR_CODE_NUMBER,
  TRPCBuiltRouter,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from "@trpc/server";
import type { CatalogueCode } from "../kernel/error-catalogue.ts";
import type { Contract } from "./contract.ts";
import type { Issue } from "./parser.ts";
import type { AnyProcedure, DeclaredErrorsOf, InputOf, OutputOf } from "./procedure.ts";

/**
 * The type of the tRPC router that a map of contracts stands for, like `typeof appRouter` of a router that was built. It is for `createTRPCClient`,
 * `inferRouterInputs`, `createTRPCOptionsProxy` and all other code that takes the type of a router.
 *
 * Contexts have the names of their contracts, not the keys of the map. Internal procedures are left out.
 */
export type RouterOf<Contracts extends object> = TRPCBuiltRouter<RootTypes, RecordOf<Contracts>>;

/** The `data` of an error as clients see it: `code` names the error, `details` are those that the contract declares for it. */
export interface ErrorData<Code extends string, Details> {
  readonly code: Code;
  readonly httpStatus: number;
  /** Context, groups and name of the procedure, joined by dots. */
  readonly path?: string;
  readonly details: Details;
}

/** An error as tRPC clients see it. */
export interface ErrorShape<Data> {
  readonly message: string;
  /** tRPC's number for the error. Five of tRPC's error names share one number, so tell errors apart by `data.code`. */
  readonly code: TRPC_ERROR_CODE_NUMBER;
  readonly data: Data;
}

/** The errors that a client of a procedure may see: the declared ones with their details, then the catalogue's. */
export type ErrorShapeOf<P extends AnyProcedure> = ErrorShape<DeclaredData<DeclaredErrorsOf<P>> | CatalogueData<keyof P["errors"] & string>>;

type DeclaredData<Errors> = { [Code in keyof Errors & string]: ErrorData<Code, Errors[Code]> }[keyof Errors & string];

/** Details that the catalogue defines. */
interface CatalogueDetails {
  readonly BAD_REQUEST: { readonly issues: readonly Issue[] };
  readonly INTERNAL: { readonly errorId: string };
}

/** A declared error replaces the catalogue's error of the same code. */
type CatalogueData<Declared extends string> =
  | { [Code in Exclude<keyof CatalogueDetails, Declared>]: ErrorData<Code, CatalogueDetails[Code]> }[Exclude<keyof CatalogueDetails, Declared>]
  | ErrorData<Exclude<CatalogueCode, Declared | keyof CatalogueDetails>, unknown>;

interface RootTypes extends AnyTRPCRootTypes {
  ctx: object;
  meta: object;
  errorShape: ErrorShape<CatalogueData<never>>;
  transformer: false;
}

type RecordOf<Contracts extends object> = {
  [Key in keyof Contracts as Contracts[Key] extends Contract ? NameWithProcedures<Contracts[Key]> : never]: Contracts[Key] extends Contract
    ? TreeOf<Contracts[Key]["procedures"]>
    : never;
};

type NameWithProcedures<C extends Contract> = HasExternal<C["procedures"]> extends true ? C["name"] : never;

type TreeOf<Tree> = {
  [Name in keyof Tree as HasExternal<Tree[Name]> extends true ? Name : never]: Tree[Name] extends AnyProcedure
    ? TrpcProcedureOf<Tree[Name]>
    : TreeOf<Tree[Name]>;
};

/** Whether a node is a procedure that can be called from outside, or a group that contains one. */
type HasExternal<Node> = Node extends AnyProcedure
  ? [Node["access"]] extends ["internal"]
    ? false
    : true
  : true extends { [Name in keyof Node]: HasExternal<Node[Name]> }[keyof Node]
    ? true
    : false;

interface TrpcDef<P extends AnyProcedure, Output> {
  meta: object;
  input: InputOf<P>;
  output: Output;
  errorShape: ErrorShapeOf<P>;
}

type TrpcProcedureOf<P extends AnyProcedure> = P["type"] extends "query"
  ? TRPCQueryProcedure<TrpcDef<P, OutputOf<P>>>
  : P["type"] extends "mutation"
    ? TRPCMutationProcedure<TrpcDef<P, OutputOf<P>>>
    : TRPCSubscriptionProcedure<TrpcDef<P, AsyncIterable<OutputOf<P>, void, unknown>>>;
