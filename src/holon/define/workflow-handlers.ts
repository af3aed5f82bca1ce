import type { z } from "zod";
import type { ContractMap } from "../contract/index.ts";
import type { Principal } from "../kernel/principal.ts";
import type { WaitedEvents, WorkflowMap, WorkflowSpec } from "../work/workflows/workflow.ts";
import type { ContextTypes } from "./handler-context.ts";
import type { Steps } from "./workflow-steps.ts";

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
export type WorkflowReturn<Output extends z.ZodType> = undefined extends z.input<Output> ? z.input<Output> | void : z.input<Output>;

/** The body of one version of a workflow. */
export type WorkflowBody<
  T extends ContextTypes,
  S extends ContractMap,
  Waits extends WaitedEvents,
  Input extends z.ZodType,
  Output extends z.ZodType,
> = (args: WorkflowArguments<T, S, Waits, Input>) => MaybePromise<WorkflowReturn<Output>>;

/** The body of a workflow. If the workflow has earlier versions, all bodies by version, as in `{ 1: before, 2: now }`. */
export type WorkflowHandler<T extends ContextTypes, S extends ContractMap, Spec extends WorkflowSpec> = keyof Spec["earlier"] extends never
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
