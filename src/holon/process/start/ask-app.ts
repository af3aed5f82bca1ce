import type { EdgeRequest } from "../../edge/index.ts";
import { ANONYMOUS, catalogueError, type Principal, Scope } from "../../kernel/index.ts";
import type { AskApp, Authenticate } from "../app/define-app.ts";
import type { Core } from "./open-core.ts";
import { reachableOf, targetsOf } from "./routing.ts";

/** Calls from this process what the outside may call, for nobody. Errors: UNAVAILABLE for what it does not reach. */
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

/** What an app answers to who it is, nobody where it says nothing. A promise is waited for only where there is one: most tokens are known. */
export function edgeAuthenticate(authenticate: Authenticate | undefined, ask: AskApp): (request: EdgeRequest) => Principal | Promise<Principal> {
  if (authenticate === undefined) return () => ANONYMOUS;
  return (request) => {
    const answer = authenticate(request, ask);
    return answer instanceof Promise ? answer.then((principal) => principal ?? ANONYMOUS) : (answer ?? ANONYMOUS);
  };
}
