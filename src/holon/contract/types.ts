import type { z } from "zod";
import type { CommonRefusal } from "../kernel/error-catalogue.ts";
import type { AnyProcedure, Procedure } from "./procedure.ts";

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

/** Details of the refusals that every procedure has. */
export type CommonErrors = { [Code in CommonRefusal]: unknown };

/** Makes the input optional in a parameter list if it may be `undefined`. */
export type InputArguments<Input, Options> = undefined extends Input ? [input?: Input, options?: Options] : [input: Input, options?: Options];
