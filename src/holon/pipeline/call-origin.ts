import type { CallOptions } from "../define/handler-context.ts";
import type { Principal, Scope } from "../kernel/index.ts";

/** Who makes a call: a handler at work, for its caller or as its context's own system. */
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
