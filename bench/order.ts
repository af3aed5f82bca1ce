/** What the bench tells one of its processes to do. */
export type Order =
  | { readonly kind: "run"; readonly concurrency: number; readonly ms: number }
  | { readonly kind: "cpu" }
  | { readonly kind: "profile" }
  | { readonly kind: "profiled"; readonly file: string };

/** What a process of the bench is for. */
export interface ChildRole {
  readonly bench: "local" | "mesh";
  readonly half: "whole" | "server" | "client";
  readonly contender: string;
  readonly port: number;
  /** Where the code of third parties is; asked for only by contenders that are not holon's own. */
  readonly peersFolder: string;
}
