import type { EdgeRequest } from "../../edge/http/edge-request.ts";
import { catalogueError } from "../../kernel/holon-error.ts";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { Scope } from "../../kernel/scope.ts";
import type { AskApp, Authenticate } from "../app/define-app.ts";
import type { Core } from "./open-core.ts";
import { reachableOf, targetsOf } from "./routing.ts";

/** Calls, as an anonymous caller, procedures that can be called from outside. Errors: UNAVAILABLE for a procedure that this process does not reach. */
export function askOf(core: Core): AskApp {
  const { plan, resolve, clock, callerFor } = core;
  const targets = targetsOf(reachableOf(core), resolve);
  return async (procedure, input) => {
    const target = targets.get(procedure);
    if (target === undefined || target.procedure.access === "internal")
      throw catalogueError("UNAVAILABLE", `${procedure} is not reached from this process.`);
    const caller = callerFor(procedure);
    return target.invoke(Scope.root({ principal: ANONYMOUS, caller, deadlineAtMs: clock.monotonicMs() + plan.limits.deadlineMs }), input);
  };
}

/** The principal that the app's `authenticate` returns, anonymous if it returns nothing. Only a promise is waited for: most tokens are known at once. */
export function edgeAuthenticate(authenticate: Authenticate | undefined, ask: AskApp): (request: EdgeRequest) => Principal | Promise<Principal> {
  if (authenticate === undefined) return () => ANONYMOUS;
  return (request) => {
    const answer = authenticate(request, ask);
    return answer instanceof Promise ? answer.then((principal) => principal ?? ANONYMOUS) : (answer ?? ANONYMOUS);
  };
}
