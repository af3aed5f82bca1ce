import { type AnyProcedure, createAnswerParser, ParseFailure } from "../contract/index.ts";
import { catalogueError, type HolonError } from "../kernel/index.ts";
import type { Run } from "./compiled-procedure.ts";
import type { RuntimeContext } from "./runtime-context.ts";

type Ask = (args: Record<string, unknown>) => unknown;

/** A rule with its types taken off. */
export type Rule = Ask | { readonly answer: Ask };

/** Puts a rule around the handler of a query or mutation. Systems are not asked. */
export function guardedRun(run: Run, rule: Rule, procedure: AnyProcedure): Run {
  const { enter, show } = compileRule(rule, procedure);
  return async (input, ctx, givenHash) => {
    if (ctx.principal.kind === "system") return run(input, ctx, givenHash);
    await enter(input, ctx);
    return show(input, await run(input, ctx, givenHash), ctx);
  };
}

/** Puts a rule around the handler of a subscription: it is asked before the handler is entered, or of each item. Systems are not asked. */
export function guardedStream(run: Run, rule: Rule, procedure: AnyProcedure): Run {
  const { enter, show } = compileRule(rule, procedure);
  return async function* (input, ctx) {
    const isSystem = ctx.principal.kind === "system";
    if (!isSystem) await enter(input, ctx);
    for await (const item of run(input, ctx) as AsyncIterable<unknown>) yield isSystem ? item : await show(input, item, ctx);
  };
}

/** The two places of a rule; each throws NOT_FOUND where the rule says no, and one of them does nothing. */
interface CompiledRule {
  readonly enter: (input: unknown, ctx: RuntimeContext) => Promise<void>;
  /** Answers the value that was shown to the rule. */
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
      // A bad answer is the output check's to report; the rule could not read it.
      if (!(output instanceof ParseFailure) && !(await rule.answer({ input, output, ctx }))) throw notFound();
      return value;
    },
  };
}

function notFound(): HolonError {
  return catalogueError("NOT_FOUND", "There is no such thing, or not for you.");
}
