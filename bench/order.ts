import type { BenchName } from "./bench-plan.ts";
import type { Places } from "./waits/contender.ts";

/** What the bench tells one of its processes to do. */
export type Order =
  | { readonly kind: "run"; readonly concurrency: number /** Milliseconds, or pieces of work. */; readonly length: number }
  | { readonly kind: "cpu" }
  | { readonly kind: "profile" }
  | { readonly kind: "profiled"; readonly file: string };

/** What a process of the bench is for. */
export interface ChildRole {
  readonly bench: BenchName;
  readonly half: "whole" | "server" | "client";
  readonly contender: string;
  readonly port: number;
  /** Where the code of third parties is; asked for only by contenders that are not holon's own. */
  readonly peersFolder: string;
  /** Servers, for benches of work that waits. */
  readonly places?: Places | undefined;
}
