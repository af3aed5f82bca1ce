import { type AnyProcedure, mutation } from "../contract/index.ts";
import type { HandlerTree } from "../define/define-context.ts";
import { handOut } from "../kernel/left-behind.ts";
import type { Scope } from "../kernel/scope.ts";
import { type CountWork, counted } from "../observe/work-metrics.ts";
import type { JobCall, JobHandler } from "../work/jobs/job-call.ts";
import { AnswerRecord, type TransactionRecord } from "./answer-record.ts";
import type { RuntimeContext } from "./runtime-context.ts";

type Handler = (args: Record<string, unknown>) => unknown;

interface CompileJobsDeps {
  readonly context: string;
  readonly handlers: HandlerTree;
  readonly count: CountWork | undefined;
  makeContext(scope: Scope, procedure: AnyProcedure): RuntimeContext;
}

/** The errors that a job may fail with: only the refusals that are always declared. */
const JOB_PROCEDURE: AnyProcedure = mutation({ access: "internal" });

/** Joins the handlers of a context's jobs with the `ctx` that they get. */
export function compileJobs({ context, handlers, count, makeContext }: CompileJobsDeps): ReadonlyMap<string, JobHandler> {
  return new Map(
    Object.entries(handlers).map(([name, handler]) => {
      const run: JobHandler = async (call) => {
        const ctx = makeContext(call.scope, JOB_PROCEDURE).inScope(call.scope, fenceOf(call));
        const record = new AnswerRecord(`${context}/job ${name}`, (result) => result, claimOf(call));
        const place = { procedure: `${context} (job ${name})`, traceId: call.scope.trace.traceId };
        const complete = (work: (tx: object) => Promise<unknown>): Promise<void> => {
          const completing = ctx.holdingTransaction(async () => {
            await ctx.inScope(call.scope, record).transaction(work);
            call.completed();
          });
          return handOut(completing, place);
        };
        const progress = (value: object | number): Promise<void> => handOut(call.progress(value), place);
        const args = { data: call.data, ctx, attempt: call.attempt, progress, complete };
        const result = await counted(count, ["job", context, name], async () => (handler as Handler)(args));
        return record.isCommitted ? record.value : result;
      };
      return [name, run];
    }),
  );
}

/** Refuses the commit of a transaction if another run has taken over the job. */
function fenceOf(call: JobCall): TransactionRecord {
  return { begin() {}, write: (tx) => call.assertHeld(tx), commit() {} };
}

/** Writes the end of the job, at the point where a procedure writes the answer for its idempotency key. */
function claimOf(call: JobCall): ConstructorParameters<typeof AnswerRecord>[2] {
  return {
    kind: "claimed",
    attempt: call.attempt,
    complete: async (tx, result) => {
      await call.complete(tx, result);
    },
    release: async () => {},
  };
}
