import type { z } from "zod";
import type { AnyProcedure, ContractMap, EventMap } from "../contract/index.ts";
import type { Principal } from "../kernel/principal.ts";
import type { WaitedEvents, WorkflowMap, WorkflowSpec } from "../work/workflows/workflow.ts";
import type { BaseContext, Calls, ContextTypes, Transaction } from "./handler-context.ts";

type MaybePromise<T> = T | Promise<T>;

/** The run, as its body sees it. */
export interface RunInfo {
  readonly id: string;
  /** The key that the run was started with. */
  readonly key: string;
  readonly version: number;
  /** The principal that started the run. */
  readonly initiator: Principal;
  readonly traceId: string;
}

/** The arguments of a workflow's body. It has no `ctx`, which exists inside steps only. */
export interface WorkflowArguments<T extends ContextTypes, S extends ContractMap, Waits extends WaitedEvents, Input extends z.ZodType> {
  readonly input: z.output<Input>;
  readonly step: Steps<T, S, Waits>;
  readonly run: RunInfo;
}

/** The return type of a workflow's body. If the workflow declares no output, the body need not return a value. */
type WorkflowReturn<Output extends z.ZodType> = undefined extends z.input<Output> ? z.input<Output> | void : z.input<Output>;

/** The body of one version of a workflow. */
type WorkflowBody<T extends ContextTypes, S extends ContractMap, Waits extends WaitedEvents, Input extends z.ZodType, Output extends z.ZodType> = (
  args: WorkflowArguments<T, S, Waits, Input>,
) => MaybePromise<WorkflowReturn<Output>>;

/** The body of a workflow. If the workflow has earlier versions, all bodies by version, as in `{ 1: before, 2: now }`. */
type WorkflowHandler<T extends ContextTypes, S extends ContractMap, Spec extends WorkflowSpec> = keyof Spec["earlier"] extends never
  ? WorkflowBody<T, S, Spec["waitsFor"], Spec["input"], Spec["output"]>
  : { readonly [V in Spec["version"]]: WorkflowBody<T, S, Spec["waitsFor"], Spec["input"], Spec["output"]> } & {
      readonly [V in keyof Spec["earlier"] & number]: WorkflowBody<T, S, Spec["waitsFor"], Spec["earlier"][V]["input"], Spec["earlier"][V]["output"]>;
    };

/** The bodies of a context's workflows: one for each, no more and no fewer. */
export type WorkflowHandlersOf<T extends ContextTypes, S extends ContractMap> = {
  readonly [Name in keyof T["workflows"]]: WorkflowHandler<T, S, T["workflows"][Name]>;
};

/** The `workflows` that `implement` takes: required if the context declares any. */
export type WorkflowParts<T extends ContextTypes, S extends ContractMap> = keyof T["workflows"] extends never
  ? { readonly workflows?: {} }
  : { readonly workflows: WorkflowHandlersOf<T, S> };

/** Checks that workflows wait only for events that the context subscribes to. */
export type FittingWorkflows<W extends WorkflowMap, S extends ContractMap> = {
  readonly [Name in keyof W]: {
    readonly waitsFor: {
      readonly [Subscription in keyof W[Name]["waitsFor"]]: Subscription extends keyof S
        ? readonly (keyof S[Subscription]["events"] & string)[]
        : never;
    };
  };
};

/**
 * The type of a value after its trip through the database. Results of steps are stored as JSON, and the body gets them in this form also when the step was just
 * done.
 */
type Stored<Value> = unknown extends Value
  ? unknown
  : Value extends { toJSON(): infer Image }
    ? Image
    : Value extends string | number | boolean | null | undefined
      ? Value
      : Value extends void
        ? undefined
        : Value extends (...args: never[]) => unknown
          ? undefined
          : { [Name in keyof Value]: Stored<Value[Name]> };

/** How a step is retried. Times are in milliseconds. */
export interface StepRetry {
  /** Attempts in all, including the first; 8 by default. */
  readonly attempts?: number;
  /** The first wait is a random part of this time, the next wait a random part of twice as much; 200 by default. */
  readonly firstMs?: number;
  /** The longest wait; 30 000 by default. */
  readonly greatestMs?: number;
}

/** Options of every step that has an effect. */
export interface StepOptions<Undo> {
  /**
   * Undoes the step if the run fails: a step that is done, and a step of which it is not known whether it happened. In the second case `isInDoubt` is true and
   * `result` is undefined. An undo that fails is tried eight times, and more often while its callee is away. If it fails for good, the run is stuck.
   */
  readonly undo?: Undo;
  /** Faults and defects are tried again; refusals fail the step at once. */
  readonly retry?: StepRetry;
  /** The longest time of one attempt; 30 000 by default. */
  readonly timeoutMs?: number;
}

/** The step that is undone, as far as it is known. */
interface StepToUndo<Result> {
  /** Undefined if the step is in doubt. */
  readonly result: Stored<Result> | undefined;
  /** Whether the step was begun and its outcome is not known. */
  readonly isInDoubt: boolean;
  /** The key that the step sent: `<run>/<step>`. */
  readonly key: string;
}

/** The arguments of a step that calls other contexts. */
interface CallStepArguments<T extends ContextTypes> {
  /**
   * The declared contexts. A step sends one mutation, with the step's own idempotency key. So the mutation has its effect once, however often the step is
   * tried. The mutation must be `idempotent` by its contract. Queries are not limited.
   */
  readonly call: Calls<T["calls"]>;
  /** `ctx` for reading and logging. */
  readonly ctx: BaseContext<T, AnyProcedure>;
}

/** The arguments of a step that writes. */
interface TransactionStepArguments<T extends ContextTypes> {
  readonly tx: Transaction<T>;
  readonly ctx: BaseContext<T, AnyProcedure>;
}

/** The arguments of a step that acts outside. */
interface RunStepArguments<T extends ContextTypes> {
  readonly ctx: BaseContext<T, AnyProcedure>;
  /** The same key each time that the step is tried. Pass it to the outside system, so that this system acts once. */
  readonly key: string;
  /** Counts from 1; higher if an earlier attempt failed or its process died. */
  readonly attempt: number;
}

type EventsOf<S extends ContractMap, Subscription extends keyof S> = S[Subscription]["events"] extends infer E extends EventMap ? E : never;

/** Names of the events that a workflow may wait for, as `<subscription>.<event>`. */
type WaitableEvent<Waits extends WaitedEvents> = {
  [Subscription in keyof Waits & string]: `${Subscription}.${Waits[Subscription][number]}`;
}[keyof Waits & string];

/** The payload of an event by its name, as `<subscription>.<event>`. */
type PayloadOf<S extends ContractMap, Name extends string> = Name extends `${infer Subscription extends keyof S & string}.${infer Event}`
  ? Event extends keyof EventsOf<S, Subscription>
    ? z.output<EventsOf<S, Subscription>[Event]["payload"]>
    : never
  : never;

/** Which event a run waits for. */
interface WaitOptions<Name extends string> {
  readonly event: Name;
  /** The value of the field that the event is `orderedBy`. */
  readonly key: string;
  readonly timeoutMs: number;
}

/**
 * The steps of a workflow. Each step has a name of its own in its workflow. It is recorded under that name, with its place among the steps. A run whose steps
 * come in another order than the recorded one is stuck. Steps may run at the same time, by `Promise.all`, `race`, `any` or `allSettled`. The body gets their
 * results one at a time. Each time that the body is run again, it gets them in the same order, so that a race has the same winner. Await steps only: other
 * promises are not recorded, and may hold up the run.
 *
 * Errors of a step: those of the last attempt, by code, message and details; the same ones when the body is run again.
 */
export interface Steps<T extends ContextTypes, S extends ContractMap, Waits extends WaitedEvents> {
  /** Calls other contexts. The mutation that the step sends has the step's key. */
  call<Result>(
    name: string,
    run: (args: CallStepArguments<T>) => Promise<Result>,
    options?: StepOptions<(args: CallStepArguments<T> & StepToUndo<Result>) => Promise<unknown>>,
  ): Promise<Stored<Result>>;
  /** Writes data of the context itself. The effect and the record of the step are written in one transaction, so the effect happens once. */
  transaction<Result>(
    name: string,
    run: (args: TransactionStepArguments<T>) => Promise<Result>,
    options?: StepOptions<(args: TransactionStepArguments<T> & StepToUndo<Result>) => Promise<unknown>>,
  ): Promise<Stored<Result>>;
  /** Acts outside, at least once: if the process dies before the record is written, the step is done again. */
  run<Result>(
    name: string,
    run: (args: RunStepArguments<T>) => Promise<Result> | Result,
    options?: StepOptions<(args: Omit<RunStepArguments<T>, "key"> & StepToUndo<Result>) => Promise<unknown> | unknown>,
  ): Promise<Stored<Result>>;
  /** Continues after the given time. No process is kept busy during this time. */
  sleep(name: string, ms: number): Promise<void>;
  /**
   * Continues when an event with this key has arrived since the run was started, before this step or after it. Undefined if none arrived in time.
   *
   * Each event is taken by one step of a run. A wait that has lost a race goes on waiting, and takes the next event. If the body makes no further step after it
   * got this event, the event is not used up: a wait that the body begins later gets it too.
   */
  waitFor<Name extends WaitableEvent<Waits>>(name: string, options: WaitOptions<Name>): Promise<Stored<PayloadOf<S, Name>> | undefined>;
}
