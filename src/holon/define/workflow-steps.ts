import type { z } from "zod";
import type { AnyProcedure, ContractMap, EventMap } from "../contract/index.ts";
import type { WaitedEvents } from "../work/index.ts";
import type { BaseContext, Calls, ContextTypes, Transaction } from "./handler-context.ts";

/** What a value is after its trip through the database: results of steps are kept as JSON, and are JSON from the start. */
export type Stored<Value> = unknown extends Value
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

/** How a step is tried. Times are in milliseconds. */
export interface StepRetry {
  /** Attempts in all, the first one included; 8 where none is given. */
  readonly attempts?: number;
  /** The first wait is a random part of this, the next of twice as much; 200 where none is given. */
  readonly firstMs?: number;
  /** No wait is longer; 30 000 where none is given. */
  readonly greatestMs?: number;
}

/** Options of every step that has an effect. */
export interface StepOptions<Undo> {
  /**
   * Undoes the step when the run fails later, or when nobody knows whether it happened (`isInDoubt`, then without `result`). Tried up to eight
   * times; where it fails for good the run is stuck.
   */
  readonly undo?: Undo;
  /** Faults and defects are tried again; refusals fail the step at once. */
  readonly retry?: StepRetry;
  /** Longest attempt; 30 000 where none is given. */
  readonly timeoutMs?: number;
}

/** What is known of a step that is undone. */
export interface StepToUndo<Result> {
  /** Undefined where the step is in doubt. */
  readonly result: Stored<Result> | undefined;
  /** Whether the step was begun and nobody knows how it ended. */
  readonly isInDoubt: boolean;
  /** The key that the step sent: `<run>/<step>`. */
  readonly key: string;
}

/** What a step that calls others gets. */
export interface CallStepArguments<T extends ContextTypes> {
  /**
   * The declared contexts. One mutation a step: it is sent with the step's own idempotency key, so that it happens once however often the step
   * is tried. It must be `idempotent` by its contract. Queries are free.
   */
  readonly call: Calls<T["calls"]>;
  /** Reads, and the log. */
  readonly ctx: BaseContext<T, AnyProcedure>;
}

/** What a step that writes gets. */
export interface TransactionStepArguments<T extends ContextTypes> {
  readonly tx: Transaction<T>;
  readonly ctx: BaseContext<T, AnyProcedure>;
}

/** What a step that acts outside gets. */
export interface RunStepArguments<T extends ContextTypes> {
  readonly ctx: BaseContext<T, AnyProcedure>;
  /** The same each time the step is tried: hand it to the outside system, so that it acts once. */
  readonly key: string;
  /** Counts from 1; higher where an earlier attempt failed or died. */
  readonly attempt: number;
}

type EventsOf<S extends ContractMap, Subscription extends keyof S> = S[Subscription]["events"] extends infer E extends EventMap ? E : never;

/** Names of the events that a workflow may wait for, as `<subscription>.<event>`. */
export type WaitableEvent<Waits extends WaitedEvents> = {
  [Subscription in keyof Waits & string]: `${Subscription}.${Waits[Subscription][number]}`;
}[keyof Waits & string];

/** The payload of an event by its name, as `<subscription>.<event>`. */
export type PayloadOf<S extends ContractMap, Name extends string> = Name extends `${infer Subscription extends keyof S & string}.${infer Event}`
  ? Event extends keyof EventsOf<S, Subscription>
    ? z.output<EventsOf<S, Subscription>[Event]["payload"]>
    : never
  : never;

/** Which event a run waits for. */
export interface WaitOptions<Name extends string> {
  readonly event: Name;
  /** The value of the field that the event is `orderedBy`. */
  readonly key: string;
  readonly timeoutMs: number;
}

/**
 * The steps of a workflow. Each has a name of its own in its workflow, and is recorded under it with its place: a run whose steps come in
 * another order than they were recorded in is stuck. Steps may run at once, by `Promise.all`, `race`, `any` or `allSettled`: the body learns what they
 * came to one at a time, and in the same order each time that it is run again, so that a race has the same winner. Await steps only: what else a body
 * awaits is not recorded, and may hold up its run.
 *
 * Errors of a step: what the last attempt failed with, by code, message and details; the same when the body is run again.
 */
export interface Steps<T extends ContextTypes, S extends ContractMap, Waits extends WaitedEvents> {
  /** Calls another context, with the run's key. */
  call<Result>(
    name: string,
    run: (args: CallStepArguments<T>) => Promise<Result>,
    options?: StepOptions<(args: CallStepArguments<T> & StepToUndo<Result>) => Promise<unknown>>,
  ): Promise<Stored<Result>>;
  /** Writes data of the own context: effect and record of the step are one transaction, so it happens once. */
  transaction<Result>(
    name: string,
    run: (args: TransactionStepArguments<T>) => Promise<Result>,
    options?: StepOptions<(args: TransactionStepArguments<T> & StepToUndo<Result>) => Promise<unknown>>,
  ): Promise<Stored<Result>>;
  /** Acts outside. At least once: a process that dies before the record is written has the step done again. */
  run<Result>(
    name: string,
    run: (args: RunStepArguments<T>) => Promise<Result> | Result,
    options?: StepOptions<(args: Omit<RunStepArguments<T>, "key"> & StepToUndo<Result>) => Promise<unknown> | unknown>,
  ): Promise<Stored<Result>>;
  /** Goes on after a while; no process is kept busy meanwhile. */
  sleep(name: string, ms: number): Promise<void>;
  /**
   * Goes on when an event with this key has come since the run was started, this moment or later; undefined where none came in time.
   *
   * Each event is taken by one step of a run. A wait that has lost its race still takes the next one; as this moves nothing, the event is there for the
   * waits too that the body comes to later.
   */
  waitFor<Name extends WaitableEvent<Waits>>(name: string, options: WaitOptions<Name>): Promise<Stored<PayloadOf<S, Name>> | undefined>;
}
