import type { z } from "zod";
import { NOTHING } from "../../contract/index.ts";

/** Events that a workflow waits for: by the name of the subscription, the names of the events. */
export type WaitedEvents = Readonly<Record<string, readonly string[]>>;

/** What an earlier version of a workflow took and answered, as long as runs of it may be under way. */
export interface EarlierVersion<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly output: Output;
}

/** Earlier versions by number. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every input, and zod's types are invariant
export type EarlierVersions = Readonly<Record<number, EarlierVersion<any, any>>>;

/** What {@link workflow} is made from. */
export interface WorkflowOptions {
  /** Counts from 1. A run stays on the version that it was started with. */
  readonly version: number;
  readonly input: z.ZodObject;
  /** What its body answers; nothing where none is given. */
  readonly output?: z.ZodType;
  /** The events that its body waits for; each must be `orderedBy` a field, whose value is the key that it is waited for with. */
  readonly waitsFor?: WaitedEvents;
  /** Versions whose bodies are still here, because runs of them may be under way. */
  readonly earlier?: EarlierVersions;
}

/** The spec that options make. Read off them, so that the place where `workflow` is called cannot lend it wider types. */
export type WorkflowOf<Options extends WorkflowOptions> = WorkflowSpec<
  Options["version"],
  Options["input"],
  Options extends { readonly output: infer Output extends z.ZodType } ? Output : typeof NOTHING,
  Options extends { readonly waitsFor: infer Waits extends WaitedEvents } ? Waits : {},
  Options extends { readonly earlier: infer Earlier extends EarlierVersions } ? Earlier : {}
>;

/** What a context says of one workflow. Plain data; made by {@link workflow}. */
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

/** Workflows by name; names are imperatives. */
// biome-ignore lint/suspicious/noExplicitAny: a constraint must accept every input, and zod's types are invariant
export type WorkflowMap = Readonly<Record<string, WorkflowSpec<number, any, any, WaitedEvents, EarlierVersions>>>;

/**
 * Work of several steps, over several contexts, that completes or is undone, whatever dies meanwhile.
 *
 * Its body is run again from the start after a crash, a sleep or a wait, and gets the recorded results of its steps: so it must do nothing but
 * take steps and decide by their results. A body that changes needs a new version.
 */
export function workflow<const Options extends WorkflowOptions>(options: Options): WorkflowOf<Options> {
  const { version, input, output = NOTHING, waitsFor = {}, earlier = {} } = options;
  return { kind: "workflow", version, input, output, waitsFor, earlier } as WorkflowSpec as WorkflowOf<Options>;
}
