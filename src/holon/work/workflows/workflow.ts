import type { z } from "zod";
import { NOTHING } from "../../contract/index.ts";

/** Events that a workflow waits for: names of events, by the name of their subscription. */
export type WaitedEvents = Readonly<Record<string, readonly string[]>>;

/** The input and output of an earlier version of a workflow, which is kept as long as runs of it may be under way. */
export interface EarlierVersion<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly output: Output;
}

/** Earlier versions by number. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every input, and zod's types are invariant
export type EarlierVersions = Readonly<Record<number, EarlierVersion<any, any>>>;

/** The declaration of a workflow: its version, the shapes of its input and output, and the events that it waits for. */
export interface WorkflowOptions {
  /** Counts from 1. A run stays on the version that it was started with. */
  readonly version: number;
  readonly input: z.ZodObject;
  /** What its body returns. Default: nothing. */
  readonly output?: z.ZodType;
  /** The events that its body waits for. Each must be `orderedBy` a field; a body waits for a value of that field. */
  readonly waitsFor?: WaitedEvents;
  /** Versions whose bodies are kept, because runs of them may be under way. */
  readonly earlier?: EarlierVersions;
}

/** The spec that these options make. It is derived from the options, so that the call of `workflow` cannot widen the types. */
export type WorkflowOf<Options extends WorkflowOptions> = WorkflowSpec<
  Options["version"],
  Options["input"],
  Options extends { readonly output: infer Output extends z.ZodType } ? Output : typeof NOTHING,
  Options extends { readonly waitsFor: infer Waits extends WaitedEvents } ? Waits : {},
  Options extends { readonly earlier: infer Earlier extends EarlierVersions } ? Earlier : {}
>;

/** The declaration of one workflow. Plain data; made by {@link workflow}. */
export interface WorkflowSpec<
  Version extends number = number,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodType = z.ZodType,
  Waits extends WaitedEvents = WaitedEvents,
  Earlier extends EarlierVersions = EarlierVersions,
> {
  readonly kind: "workflow";
  readonly version: Version;
  readonly input: Input;
  readonly output: Output;
  readonly waitsFor: Waits;
  readonly earlier: Earlier;
}

/** Workflows by name. Names are imperatives. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every input, and zod's types are invariant
export type WorkflowMap = Readonly<Record<string, WorkflowSpec<number, any, any, WaitedEvents, EarlierVersions>>>;

/**
 * Declares work of several steps, over several contexts, that completes or is undone, even if processes die meanwhile.
 *
 * After a crash, a sleep or a wait, its body is run again from the start, and gets the recorded results of its steps. So the body must do nothing but take
 * steps, and decide only by their results. If you change a body, give it a new version.
 */
export function workflow<const Options extends WorkflowOptions>(options: Options): WorkflowOf<Options> {
  const { version, input, output = NOTHING, waitsFor = {}, earlier = {} } = options;
  return { kind: "workflow", version, input, output, waitsFor, earlier } as WorkflowSpec as WorkflowOf<Options>;
}
