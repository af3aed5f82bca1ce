import type { z } from "zod";
import type { CommonRefusal } from "../kernel/error-catalogue.ts";
import type { AnyProcedure, Procedure } from "./procedure.ts";

/** What a caller hands to a procedure. */
export type InputOf<P extends AnyProcedure> = z.input<P["input"]>;

/** What a handler gets: the input after parsing. */
export type ParsedInputOf<P extends AnyProcedure> = z.output<P["input"]>;

/** What a handler returns; one that answers nothing need not return. */
export type ReturnOf<P extends AnyProcedure> = undefined extends z.input<P["output"]> ? z.input<P["output"]> | void : z.input<P["output"]>;

/** What a caller gets. */
export type OutputOf<P extends AnyProcedure> = z.output<P["output"]>;

/** The errors that a procedure declares, as a map from code to the type of the details. */
export type DeclaredErrorsOf<P extends AnyProcedure> =
  P extends Procedure<infer _T, infer _I, infer _O, infer Errors, infer _D> ? { [Code in keyof Errors & string]: z.output<Errors[Code]> } : never;

/** Details of the refusals that are always there. */
export type CommonErrors = { [Code in CommonRefusal]: unknown };

/** Makes the key optional in a parameter list where `undefined` is a fine value. */
export type InputArguments<Input, Options> = undefined extends Input ? [input?: Input, options?: Options] : [input: Input, options?: Options];
