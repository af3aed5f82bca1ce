import type { CallOptions } from "../define/handler-context.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Scope } from "../kernel/scope.ts";

/** Where a call comes from: a running handler, which calls for its caller or as the system of its own context. */
export interface CallOrigin {
  readonly scope: Scope;
  readonly callPrincipal: Principal;
  /** Name of the calling context. */
  readonly contextName: string;
  readonly insideTransaction: boolean;
  readonly monotonicMs: () => number;
}

/** A procedure of another context, bound to where it runs. */
export type BoundCall = (origin: CallOrigin, input: unknown, options: CallOptions | undefined) => Promise<unknown> | AsyncIterable<unknown>;
