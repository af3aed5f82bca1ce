import { type AnyProcedure, createParser, mutation } from "../contract/index.ts";
import type { ContextData } from "../data/context-data.ts";
import type { ContextModule } from "../define/define-context.ts";
import type { CallOptions } from "../define/handler-context.ts";
import { catalogueError, HolonError, isHolonError } from "../kernel/holon-error.ts";
import type { Scope } from "../kernel/scope.ts";
import type { WorkflowSpec } from "../work/workflows/workflow.ts";
import type { CompiledWorkflows, StepHost, WorkflowBody } from "../work/workflows/workflow-body.ts";
import { type BoundCall, type CallTreeFactory, ContextOrigin } from "./call-tree.ts";
import type { RuntimeContext } from "./runtime-context.ts";
import type { TransactionFactory } from "./typed-transaction.ts";

interface CompileWorkflowsDeps {
  readonly module: ContextModule;
  readonly store: ContextData | undefined;
  readonly openTransaction: TransactionFactory;
  makeContext(scope: Scope, procedure: AnyProcedure): RuntimeContext;
  /** The calls of steps, which send keys. They are known after the context is connected. */
  readonly stepCalls: () => CallTreeFactory;
}

/** The errors that a step may fail with: only the refusals that are always declared. */
const STEP_PROCEDURE: AnyProcedure = mutation({ access: "internal" });

/** Joins the bodies of a context's workflows with the `ctx`, transactions and calls that their steps get. */
export function compileWorkflows(deps: CompileWorkflowsDeps): CompiledWorkflows {
  const { module } = deps;
  const bodies = new Map<string, WorkflowBody>();
  for (const [name, spec] of Object.entries(module.workflows)) {
    const handler = module.workflowHandlers[name];
    const versions = typeof handler === "function" ? { [spec.version]: handler } : ((handler ?? {}) as Record<string, unknown>);
    for (const [version, body] of Object.entries(versions)) {
      const { output } = Number(version) === spec.version ? spec : ((spec.earlier[Number(version)] ?? spec) as WorkflowSpec);
      bodies.set(`${name}@${version}`, { body: body as WorkflowBody["body"], parseOutput: createParser(output) });
    }
  }
  return { bodies, host: stepHost(deps) };
}

function stepHost({ module, store, openTransaction, makeContext, stepCalls }: CompileWorkflowsDeps): StepHost {
  const events = eventNames(module);
  const context = (scope: Scope): RuntimeContext => makeContext(scope, STEP_PROCEDURE);
  return {
    calls(scope, key) {
      const ctx = context(scope);
      const origin = new StepOrigin(ctx, key);
      return { args: { call: stepCalls()(origin), ctx }, mayHaveActed: () => origin.mayHaveActed };
    },
    reads: (scope) => ({ ctx: context(scope) }),
    transaction(scope, run, record, chained) {
      if (store === undefined) throw new HolonError("INTERNAL", `The context ${module.name} has no tables, so its workflows cannot write.`);
      const ctx = context(scope);
      return ctx.holdingTransaction(() =>
        store.transaction(
          scope,
          async (tx) => {
            const result = await run({ ctx, tx: openTransaction(tx) });
            tx.atCommit(record(result));
            return result;
          },
          chained,
        ),
      );
    },
    eventName: (name) => events.get(name),
  };
}

/** The full names of the events that workflows wait for, by the names that their bodies use. Errors: INTERNAL for an event without `orderedBy`. */
function eventNames({ workflows, subscribesTo }: ContextModule): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { waitsFor } of Object.values(workflows)) {
    for (const [subscription, events] of Object.entries(waitsFor)) {
      for (const event of events) {
        const contract = subscribesTo[subscription];
        if (contract?.events[event]?.orderedBy === undefined)
          throw catalogueError(
            "INTERNAL",
            `A workflow waits for ${subscription}.${event}, which is not orderedBy a field: it has no key to wait for.`,
          );
        names.set(`${subscription}.${event}`, `${contract.name}.${event}`);
      }
    }
  }
  return names;
}

/** The origin of the calls of one attempt of a workflow's step. Its only mutation is sent with the step's key. */
class StepOrigin extends ContextOrigin {
  readonly #key: string;
  #mutation: string | undefined = undefined;
  #isRefused = false;

  constructor(ctx: RuntimeContext, key: string) {
    super(ctx, ctx.callPrincipal);
    this.#key = key;
  }

  /** Whether the mutation was sent, and did not fail with `executed: "no"`. */
  get mayHaveActed(): boolean {
    return this.#mutation !== undefined && !this.#isRefused;
  }

  /** Sends the mutation of the step. Errors: BAD_REQUEST for a second one. */
  async send(path: string, call: BoundCall, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    if (this.#mutation !== undefined) throw misuse(`calls ${path} after ${this.#mutation}; a step sends one mutation: make it two steps`);
    this.#mutation = path;
    try {
      return await call(this, input, { ...options, key: this.#key });
    } catch (error) {
      this.#isRefused = isHolonError(error) && error.executed === "no";
      throw error;
    }
  }
}

/** Binds a procedure for calls from steps. */
export function bindStepCall(path: string, { type, ...procedure }: AnyProcedure, call: BoundCall): BoundCall {
  if (type === "query") return call;
  if (type === "subscription") return () => Promise.reject(misuse(`subscribes to ${path}; a step can wait for an event by step.waitFor`));
  const isIdempotent = "idempotent" in procedure && procedure.idempotent === true;
  return (origin, input, options) => {
    if (!isIdempotent) return Promise.reject(misuse(`calls ${path}, which is not idempotent; say \`idempotent: true\` in its contract`));
    if (options?.key !== undefined) return Promise.reject(misuse(`gives ${path} a key of its own; a step sends the key of the run`));
    return (origin as StepOrigin).send(path, call, input, options);
  };
}

function misuse(what: string): HolonError {
  return catalogueError("BAD_REQUEST", `A step of a workflow ${what}.`);
}
