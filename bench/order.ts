import type { BenchName } from "./bench-plan.ts";
import type { Places } from "./waits/contender.ts";

/** A command that the bench sends to one of its processes. `length` is in milliseconds or in pieces of work. */
export type Order =
  | { readonly kind: "run"; readonly concurrency: number; readonly length: number }
  | { readonly kind: "cpu" }
  | { readonly kind: "profile" }
  | { readonly kind: "profiled"; readonly file: string };

/** The role of a bench process. */
export interface ChildRole {
  readonly bench: BenchName;
  readonly half: "whole" | "server" | "client";
  readonly contender: string;
  readonly port: number;
  /** The folder of the third-party code; used only for contenders that are not holon's own. */
  readonly peersFolder: string;
  /** The servers, for benches of background work. */
  readonly places?: Places | undefined;
}
