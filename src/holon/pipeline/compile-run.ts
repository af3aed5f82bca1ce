import { type AnyProcedure, createAnswerParser, ParseFailure } from "../contract/index.ts";
import type { ContextData } from "../data/context-data.ts";
import type { Tables } from "../data/drizzle/database.ts";
import type { ClaimedKey, KeyScope } from "../data/idempotency/key-claim.ts";
import type { DataTransaction } from "../data/transaction/run-transaction.ts";
import type { OutsideEffect } from "../define/handlers.ts";
import { errorRow } from "../kernel/error-catalogue.ts";
import { catalogueError, HolonError, isHolonError } from "../kernel/holon-error.ts";
import { originOf } from "../kernel/origin.ts";
import { principalName } from "../kernel/principal.ts";
import { AnswerRecord } from "./answer-record.ts";
import { OutputError, type Run } from "./compiled-procedure.ts";
import type { DetachedRuns } from "./detached-runs.ts";
import type { RuntimeContext } from "./runtime-context.ts";
import type { TransactionFactory } from "./typed-transaction.ts";

type Handler = (args: Record<string, unknown>) => unknown;

export interface RunDeps {
  readonly path: string;
  readonly procedure: AnyProcedure;
  readonly handler: Handler | OutsideEffect<Record<string, unknown>, unknown>;
  readonly rule: Rule | undefined;
  readonly store: ContextData | undefined;
  readonly openTransaction: TransactionFactory;
  readonly newId: () => string;
  readonly detachedRuns: DetachedRuns;
}

/** Joins a handler with its rule and its form of idempotency. */
export function compileRun(deps: RunDeps): Run {
  const { handler, rule } = deps;
  const run =
    typeof handler === "object"
      ? outsideEffectRun(deps, handler.run as Handler)
      : isTransactional(deps.procedure)
        ? transactionalRun(deps, handler)
        : plainRun(handler);
  if (rule === undefined) return run;
  return deps.procedure.type === "subscription" ? guardedStream(run, rule, deps.procedure) : guardedRun(run, rule, deps.procedure);
}

function isTransactional(procedure: AnyProcedure): boolean {
  return procedure.type === "mutation" && procedure.idempotent === true;
}

function plainRun(handler: Handler): Run {
  return (input, ctx) => handler({ input, ctx });
}

/** Writes key, request hash, effect and answer in one transaction. */
function transactionalRun(deps: RunDeps, handler: Handler): Run {
  const store = requireStore(deps);
  const record = recordable(deps);
  return (input, ctx, givenHash) =>
    ctx.holdingTransaction(() => {
      const scoped = keyScope(deps, ctx, givenHash);
      const key = scoped?.key ?? deps.newId();
      const effect = async (tx: DataTransaction<Tables>): Promise<unknown> =>
        record(await handler({ input, ctx, tx: deps.openTransaction(tx), key }));
      return scoped === undefined ? store.transaction(ctx.scope, effect) : store.runOnce(ctx.scope, scoped, effect);
    });
}

/** Claims the key first; then the handler's only transaction writes effect and answer. The handler goes on when its caller disconnects. */
function outsideEffectRun(deps: RunDeps, handler: Handler): Run {
  const store = requireStore(deps);
  const { detachedRuns, path } = deps;
  return async (input, ctx, givenHash) => {
    const scoped = keyScope(deps, ctx, givenHash);
    const claim = scoped === undefined ? undefined : await store.claim(ctx.scope, scoped);
    if (claim?.kind === "answer") return claim.answer;
    const { key = deps.newId() } = scoped ?? {};
    const attempt = claim?.attempt ?? 1;
    return detachedRuns.run(ctx.scope, path, (scope) =>
      runClaimed(deps, claim, ctx, (answer) => handler({ input, ctx: ctx.inScope(scope, answer), key, attempt })),
    );
  };
}

/** Runs a handler that holds a claim. If nothing was committed, the key is released. After a commit, the committed answer is returned, whatever fails later. */
async function runClaimed(
  deps: RunDeps,
  claim: ClaimedKey<Tables> | undefined,
  ctx: RuntimeContext,
  handle: (answer: AnswerRecord) => unknown,
): Promise<unknown> {
  const answer = new AnswerRecord(deps.path, recordable(deps), claim);
  try {
    await handle(answer);
  } catch (error) {
    if (answer.isCommitted) {
      ctx.log.error({ procedure: deps.path, err: error }, "a handler failed after its effect was committed; the answer is that of the transaction");
      return answer.value;
    }
    if (answer.isWritten || !isRefusalOfHandler(error)) ctx.scope.effectBegan();
    await claim?.release();
    throw error;
  }
  if (answer.isCommitted) return answer.value;
  await claim?.release();
  throw new HolonError("INTERNAL", `The handler of ${deps.path} opened no transaction, so its answer could not be recorded.`);
}

/**
 * Whether the handler itself refused the call, which says that it did nothing outside. A fault often comes from one statement or call, and does not say what
 * the handler did before.
 */
function isRefusalOfHandler(error: unknown): boolean {
  return isHolonError(error) && errorRow(error.code).kind === "refusal" && originOf(error) === undefined;
}

function keyScope(deps: RunDeps, ctx: RuntimeContext, givenHash: string | undefined): KeyScope | undefined {
  const { key, principal, caller } = ctx.scope;
  if (key === undefined || givenHash === undefined) return undefined;
  return { principal: principalName(principal), procedure: deps.path, key, requestHash: givenHash, wait: caller !== "edge" };
}

/** Parses the answer before it is recorded. An answer that the contract does not allow rolls the effect back; otherwise this answer would be kept for a day. */
function recordable(deps: RunDeps): (value: unknown) => unknown {
  const parse = createAnswerParser(deps.procedure.output);
  return (value) => {
    const output = parse(value);
    if (output instanceof ParseFailure) throw new OutputError(deps.path, output);
    return output;
  };
}

function requireStore({ store, path }: RunDeps): ContextData {
  if (store === undefined)
    throw new HolonError(
      "INTERNAL",
      `${path} is idempotent, which needs a database to keep its keys in; name the context's tables in defineContext.`,
    );
  return store;
}

type Ask = (args: Record<string, unknown>) => unknown;

/** A rule without its types. */
export type Rule = Ask | { readonly answer: Ask };

/** Puts a rule around the handler of a query or mutation. The rule is not run for systems. */
function guardedRun(run: Run, rule: Rule, procedure: AnyProcedure): Run {
  const { enter, show } = compileRule(rule, procedure);
  return async (input, ctx, givenHash) => {
    if (ctx.principal.kind === "system") return run(input, ctx, givenHash);
    await enter(input, ctx);
    return show(input, await run(input, ctx, givenHash), ctx);
  };
}

/** Puts a rule around the handler of a subscription. The rule is run before the handler, or for each item. It is not run for systems. */
function guardedStream(run: Run, rule: Rule, procedure: AnyProcedure): Run {
  const { enter, show } = compileRule(rule, procedure);
  return async function* (input, ctx) {
    const isSystem = ctx.principal.kind === "system";
    if (!isSystem) await enter(input, ctx);
    for await (const item of run(input, ctx) as AsyncIterable<unknown>) yield isSystem ? item : await show(input, item, ctx);
  };
}

/** The two points where a rule can run. A rule uses one of them, and the other does nothing. If the rule refuses, NOT_FOUND is thrown. */
interface CompiledRule {
  readonly enter: (input: unknown, ctx: RuntimeContext) => Promise<void>;
  /** Returns the given value, after the rule has seen it. */
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
      // The output check reports an answer that does not fit the contract. The rule could not read such an answer, so it is not run.
      if (!(output instanceof ParseFailure) && !(await rule.answer({ input, output, ctx }))) throw notFound();
      return value;
    },
  };
}

function notFound(): HolonError {
  return catalogueError("NOT_FOUND", "It does not exist, or you may not see it.");
}
