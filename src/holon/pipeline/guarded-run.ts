import { type AnyProcedure, createAnswerParser, ParseFailure } from "../contract/index.ts";
import { catalogueError, type HolonError } from "../kernel/holon-error.ts";
import type { Run } from "./compiled-procedure.ts";
import type { RuntimeContext } from "./runtime-context.ts";

type Ask = (args: Record<string, unknown>) => unknown;

/** A rule without its types. */
export type Rule = Ask | { readonly answer: Ask };

/** Puts a rule around the handler of a query or mutation. The rule is not run for systems. */
export function guardedRun(run: Run, rule: Rule, procedure: AnyProcedure): Run {
  const { enter, show } = compileRule(rule, procedure);
  return async (input, ctx, givenHash) => {
    if (ctx.principal.kind === "system") return run(input, ctx, givenHash);
    await enter(input, ctx);
    return show(input, await run(input, ctx, givenHash), ctx);
  };
}

/** Puts a rule around the handler of a subscription. The rule is run before the handler, or for each item. It is not run for systems. */
export function guardedStream(run: Run, rule: Rule, procedure: AnyProcedure): Run {
  const { enter, show } = compileRule(rule, procedure);
  return async function* (input, ctx) {
    const isSystem = ctx.principal.kind === "system";
    if (!isSystem) await enter(input, ctx);
    for await (const item of run(input, ctx) as AsyncIterable<unknown>) yield isSystem ? item : await show(input, item, ctx);
  };
}

/** The two points where a rule can run. A rule uses one of them, and the other does nothing. It throws NOT_FOUND if the rule refuses. */
interface CompiledRule {
  readonly enter: (input: unknown, ctx: RuntimeContext) => Promise<void>;
  /** Returns the value that the rule was shown. */
  readonly show: (input: unknown, value: unknown, ctx: RuntimeContext) => Promise<unknown>;
}

function compileRule(rule: Rule, procedure: AnyProcedure): CompiledRule {
  if (typeof rule === "function") {
    return {
      async enter(input, ctx) {
        if (!(await rule({ input, ctx }))) throw notFound();
      },
      show: async (_input, value) => value,
    };
  }
  const parseOutput = createAnswerParser(procedure.output);
  return {
    enter: async () => {},
    async show(input, value, ctx) {
      const output = parseOutput(value);
      // The output check reports a bad answer. The rule could not read it.
      if (!(output instanceof ParseFailure) && !(await rule.answer({ input, output, ctx }))) throw notFound();
      return value;
    },
  };
}

function notFound(): HolonError {
  return catalogueError("NOT_FOUND", "There is no such thing, or not for you.");
}
