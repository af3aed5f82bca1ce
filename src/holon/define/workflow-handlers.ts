import type { z } from "zod";
import type { ContractMap } from "../contract/index.ts";
import type { Principal } from "../kernel/index.ts";
import type { WaitedEvents, WorkflowMap, WorkflowSpec } from "../work/index.ts";
import type { ContextTypes } from "./handler-context.ts";
import type { Steps } from "./workflow-steps.ts";

type MaybePromise<T> = T | Promise<T>;

/** What a body knows of its run. */
export interface RunInfo {
  readonly id: string;
  /** What it was started with. */
  readonly key: string;
  readonly version: number;
  /** Who started it. */
  readonly initiator: Principal;
  readonly traceId: string;
}

/** What the body of a workflow gets. There is no `ctx` here: it exists inside steps only. */
export interface WorkflowArguments<T extends ContextTypes, S extends ContractMap, Waits extends WaitedEvents, Input extends z.ZodType> {
  readonly input: z.output<Input>;
  readonly step: Steps<T, S, Waits>;
  readonly run: RunInfo;
}

/** What a body answers; one whose workflow declares no output need not return. */
export type WorkflowReturn<Output extends z.ZodType> = undefined extends z.input<Output> ? z.input<Output> | void : z.input<Output>;

/** The body of one version of a workflow. */
export type WorkflowBody<
  T extends ContextTypes,
  S extends ContractMap,
  Waits extends WaitedEvents,
  Input extends z.ZodType,
  Output extends z.ZodType,
> = (args: WorkflowArguments<T, S, Waits, Input>) => MaybePromise<WorkflowReturn<Output>>;

/** The body of a workflow; where it has earlier versions, all of them by number, as in `{ 1: before, 2: now }`. */
export type WorkflowHandler<T extends ContextTypes, S extends ContractMap, Spec extends WorkflowSpec> = keyof Spec["earlier"] extends never
  ? WorkflowBody<T, S, Spec["waitsFor"], Spec["input"], Spec["output"]>
  : { readonly [V in Spec["version"]]: WorkflowBody<T, S, Spec["waitsFor"], Spec["input"], Spec["output"]> } & {
      readonly [V in keyof Spec["earlier"] & number]: WorkflowBody<T, S, Spec["waitsFor"], Spec["earlier"][V]["input"], Spec["earlier"][V]["output"]>;
    };

/** The bodies of a context's workflows: one for each, no more and no fewer. */
export type WorkflowHandlersOf<T extends ContextTypes, S extends ContractMap> = {
  readonly [Name in keyof T["workflows"]]: WorkflowHandler<T, S, T["workflows"][Name]>;
};

/** What `implement` takes of workflows: their bodies, where the context declares any. */
export type WorkflowParts<T extends ContextTypes, S extends ContractMap> = keyof T["workflows"] extends never
  ? { readonly workflows?: {} }
  : { readonly workflows: WorkflowHandlersOf<T, S> };

/** Holds what workflows wait for against what the context subscribes to. */
export type FittingWorkflows<W extends WorkflowMap, S extends ContractMap> = {
  readonly [Name in keyof W]: {
    readonly waitsFor: {
      readonly [Subscription in keyof W[Name]["waitsFor"]]: Subscription extends keyof S
        ? readonly (keyof S[Subscription]["events"] & string)[]
        : never;
    };
  };
};
