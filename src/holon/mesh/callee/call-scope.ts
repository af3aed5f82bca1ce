import type { Principal } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import { parseTraceparent, type Trace } from "../../kernel/trace.ts";

/** The scope of a call that came over the mesh. Its place in the trace is parsed from the text at the first use. */
export class CallScope extends Scope {
  readonly #traceparent: string;
  #place: Trace | undefined = undefined;

  constructor(
    principal: Principal,
    deadlineAtMs: number,
    caller: string,
    key: string | undefined,
    traceparent: string,
    initiator: Principal | undefined,
  ) {
    super(principal, deadlineAtMs, caller, key, undefined, undefined, initiator);
    this.#traceparent = traceparent;
  }

  override get trace(): Trace {
    this.#place ??= parseTraceparent(this.#traceparent);
    return this.#place;
  }
}
