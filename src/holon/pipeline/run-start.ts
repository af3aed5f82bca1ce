import { type AnyProcedure, mutation } from "../contract/index.ts";
import type { ContextTypes } from "../define/handler-context.ts";
import type { StartHandler } from "../define/start-handler.ts";
import type { Clock } from "../kernel/clock.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import { Scope } from "../kernel/scope.ts";
import { runInScope } from "../kernel/scope-deadline.ts";
import type { TimerWheel } from "../kernel/timer-wheel.ts";
import type { RuntimeContext } from "./runtime-context.ts";

/** The longest time that the start of one context may take. */
const START_MS = 60_000;

interface StartRun {
  readonly context: string;
  readonly handler: unknown;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  makeContext(scope: Scope, procedure: AnyProcedure): RuntimeContext;
}

const START_PROCEDURE: AnyProcedure = mutation({ access: "internal" });

/** Runs the start handler of a context, if it has one. Errors: INTERNAL, with the handler's error as cause. */
export async function runStart({ context, handler, clock, wheel, makeContext }: StartRun): Promise<void> {
  if (handler === undefined) return;
  const principal = Object.freeze({ kind: "system", context, task: "start" } as const);
  const scope = Scope.root({ principal, caller: context, deadlineAtMs: clock.monotonicMs() + START_MS });
  const ctx = makeContext(scope, START_PROCEDURE);
  try {
    await runInScope(scope, wheel, `The start of the context ${context}`, async () => (handler as StartHandler<ContextTypes>)({ ctx } as never));
  } catch (cause) {
    throw catalogueError("INTERNAL", `The start handler of the context ${context} failed. Mend what it needs, and start again.`, { cause });
  }
}
