import type { Parser } from "../../contract/index.ts";
import type { StatementRequest } from "../../data/drizzle/sql.ts";
import type { TransactionOptions } from "../../data/transaction/run-transaction.ts";
import type { Principal } from "../../kernel/principal.ts";
import type { Scope } from "../../kernel/scope.ts";

/** A function that a body passes to a step, without its types. */
export type StepFunction = (args: Record<string, unknown>) => unknown;

/** Options of a step, without their types. */
export interface RawStepOptions {
  readonly undo?: StepFunction;
  readonly retry?: { readonly attempts?: number; readonly firstMs?: number; readonly greatestMs?: number };
  readonly timeoutMs?: number;
}

/** `step` of a body, without its types. */
export interface RawSteps {
  call(name: string, run: StepFunction, options?: RawStepOptions): Promise<unknown>;
  transaction(name: string, run: StepFunction, options?: RawStepOptions): Promise<unknown>;
  run(name: string, run: StepFunction, options?: RawStepOptions): Promise<unknown>;
  sleep(name: string, ms: number): Promise<void>;
  waitFor(name: string, options: { readonly event: string; readonly key: string; readonly timeoutMs: number }): Promise<unknown>;
}

/** The arguments of a body, without their types. */
interface RawBodyArguments {
  readonly input: unknown;
  readonly step: RawSteps;
  readonly run: { readonly id: string; readonly key: string; readonly version: number; readonly initiator: Principal; readonly traceId: string };
}

/** One version of a workflow, ready to run. */
export interface WorkflowBody {
  readonly body: (args: RawBodyArguments) => unknown;
  readonly parseOutput: Parser;
}

/** The calls of one attempt of a step. */
export interface StepCalls {
  /** `call` and `ctx`. */
  readonly args: Record<string, unknown>;
  /** Whether a mutation was sent, and did not fail with `executed: "no"`. */
  mayHaveActed(): boolean;
}

/** What steps use of their context. It is made where contexts are compiled, because `ctx` is made there. */
export interface StepHost {
  calls(scope: Scope, key: string): StepCalls;
  /** A `ctx` that only reads. */
  reads(scope: Scope): Record<string, unknown>;
  /** Runs a function in a transaction whose last statement records the outcome. */
  transaction(
    scope: Scope,
    run: (args: Record<string, unknown>) => unknown,
    record: (result: unknown) => StatementRequest,
    options?: Pick<TransactionOptions, "pipeline" | "onCommitting">,
  ): Promise<unknown>;
  /** The producer and name of an event, as `<producer>.<event>`, from `<subscription>.<event>`. Undefined if the context does not subscribe to it. */
  eventName(name: string): string | undefined;
}

/** The workflows of a context, compiled. */
export interface CompiledWorkflows {
  /** By `<name>@<version>`. */
  readonly bodies: ReadonlyMap<string, WorkflowBody>;
  readonly host: StepHost;
}
