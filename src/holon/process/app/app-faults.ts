import { assertDistinctRoutes, ContractError, isProcedure, type ProcedureTree, walkProcedures } from "../../contract/index.ts";
import type { ContextModule } from "../../define/define-context.ts";
import { assertScheduleFits } from "../../work/schedules/schedule-ticker.ts";
import { ConfigurationError, type ConfigurationFault, meant } from "../plan/configuration-error.ts";
import type { App } from "./define-app.ts";
import { undeclaredCalls } from "./undeclared-calls.ts";

/**
 * All faults of an app that do not depend on its environment. The compiler finds most of them, but a program that runs without a type check, or is written in
 * JavaScript, has no compiler.
 *
 * Shape: in the order of the contexts; empty for an app without faults.
 */
export function appFaults(app: App): readonly ConfigurationFault[] {
  const modules = modulesOf(app);
  const names = modules.map(({ name }) => name);
  return [
    ...modules.flatMap((module) => [...handlerFaults(module), ...callFaults(module, names)]),
    ...doubledNames(names),
    ...routeFaults(modules),
    ...app.contexts.flatMap((module, index) => (isModule(module) ? [] : [notAModule(index)])),
  ];
}

/** Errors: ConfigurationError with {@link appFaults}, if there are any. */
export function assertApp(app: App): void {
  const faults = appFaults(app);
  if (faults.length > 0) throw new ConfigurationError(faults);
}

/** The entries of an app's `contexts` that are contexts; each other entry is a fault. */
export function modulesOf({ contexts }: Pick<App, "contexts">): readonly ContextModule[] {
  return contexts.filter(isModule);
}

function isModule(value: unknown): value is ContextModule {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "module";
}

function notAModule(index: number): ConfigurationFault {
  return {
    variable: `contexts[${index}]`,
    problem: "is not a context with handlers.",
    cure: "List in defineApp({ contexts }) what `implement` returns. If that is undefined, files often import each other in a circle.",
  };
}

function doubledNames(names: readonly string[]): readonly ConfigurationFault[] {
  const doubled = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...doubled].map((name) => ({
    variable: name,
    problem: `is the name of ${names.filter((other) => other === name).length} contexts.`,
    cure: "Name each contract once, and list each context once in defineApp({ contexts }).",
  }));
}

function callFaults(module: ContextModule, names: readonly string[]): readonly ConfigurationFault[] {
  const { name, calls } = module;
  const declared = Object.values(calls).flatMap((called): ConfigurationFault[] => {
    if (called.name === name)
      return [{ variable: name, problem: "declares that it calls itself.", cure: "Call the function itself, and take the context out of `calls`." }];
    if (names.includes(called.name)) return [];
    return [{ variable: name, problem: `calls ${called.name}, which is not part of the app.`, cure: "Add its context to defineApp({ contexts })." }];
  });
  return [...declared, ...undeclaredCalls(module, names)];
}

function routeFaults(modules: readonly ContextModule[]): readonly ConfigurationFault[] {
  try {
    // A context that is listed twice has a fault of its own.
    assertDistinctRoutes([...new Set(modules.map(({ contract }) => contract))].flatMap(({ routes }) => routes));
    return [];
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return [{ variable: error.where, problem: error.message.slice(error.where.length + 2), cure: "Change one of the two `rest` lines." }];
  }
}

/** The mismatches between a context and its declarations: handlers that are missing, that nothing calls, or that are not functions. */
function handlerFaults(module: ContextModule): readonly ConfigurationFault[] {
  return [
    ...procedureFaults(module),
    ...ruleFaults(module),
    ...jobFaults(module),
    ...scheduleFaults(module),
    ...eventFaults(module),
    ...workflowFaults(module),
    ...(module.atStart === undefined ? [] : notFunction(`${module.name} (start)`, module.atStart)),
  ];
}

function procedureFaults({ name, contract, procedures }: ContextModule): readonly ConfigurationFault[] {
  const declared = [...walkProcedures(contract.procedures)];
  const paths = declared.map(([path]) => path);
  return [
    ...declared.flatMap(([path, { type, idempotent }]) => {
      const handler = memberAt(procedures, path);
      const place = `${name}.${path}`;
      if (handler === undefined) return [missing(place, "handler", `Add ${path} to \`procedures\` in implement of ${name}.`)];
      if (!isOutsideEffect(handler)) return notFunction(place, handler);
      if (type === "mutation" && idempotent === true) return [];
      const cure = "Declare `idempotent: true` in the contract, or write a plain function.";
      return [{ variable: place, problem: "has a handler by outsideEffect, and is not an idempotent mutation.", cure }];
    }),
    ...surplusPaths(procedures, contract.procedures).map((path) => ({
      variable: `${name}.${path}`,
      problem: "has a handler, and the contract has no such procedure.",
      cure: `${meant(path, paths)}Add it to the contract, or remove the handler.`,
    })),
  ];
}

function ruleFaults({ name, contract, rules }: ContextModule): readonly ConfigurationFault[] {
  const paths = [...walkProcedures(contract.procedures)].map(([path]) => path);
  return [
    ...paths.flatMap((path) => {
      const rule = memberAt(rules, path) as { readonly answer?: unknown } | undefined;
      return rule === undefined ? [] : notFunction(`${name}.${path} (rule)`, typeof rule === "object" ? rule.answer : rule);
    }),
    ...surplusPaths(rules, contract.procedures).map((path) => ({
      variable: `${name}.${path} (rule)`,
      problem: "is for a procedure that the contract does not have.",
      cure: `${meant(path, paths)}Nothing runs this rule, so it protects nothing: correct its name, or remove it.`,
    })),
  ];
}

function jobFaults({ name, jobs, jobHandlers }: ContextModule): readonly ConfigurationFault[] {
  const place = (job: string): string => `${name} (job ${job})`;
  return [
    ...Object.keys(jobs).flatMap((job) =>
      jobHandlers[job] === undefined
        ? [missing(place(job), "handler", `Add ${job} to \`jobs\` in implement of ${name}.`)]
        : notFunction(place(job), jobHandlers[job]),
    ),
    ...surplusNames(jobHandlers, jobs).map((job) => ({
      variable: place(job),
      problem: "has a handler, and the context has no such job.",
      cure: `${meant(job, Object.keys(jobs))}Declare it in defineContext({ jobs }), or remove the handler.`,
    })),
  ];
}

function scheduleFaults({ name, jobs, schedules }: ContextModule): readonly ConfigurationFault[] {
  return Object.entries(schedules).flatMap(([schedule, spec]) => {
    try {
      assertScheduleFits(schedule, spec, jobs);
      return [];
    } catch (error) {
      if (!(error instanceof ContractError)) throw error;
      const problem = `${error.message.slice(error.where.length + 2)}.`;
      return [{ variable: `${name} (schedule ${schedule})`, problem, cure: "Correct `schedules` in defineContext." }];
    }
  });
}

function eventFaults({ name, subscribesTo, events }: ContextModule): readonly ConfigurationFault[] {
  return Object.entries(events).flatMap(([subscription, handlers]) => {
    const contract = subscribesTo[subscription];
    if (contract === undefined) {
      const problem = "has handlers, and the context does not subscribe to it.";
      const cure = `${meant(subscription, Object.keys(subscribesTo))}Add it to \`subscribesTo\` in defineContext, or remove the handlers.`;
      return [{ variable: `${name} (events ${subscription})`, problem, cure }];
    }
    return Object.entries(handlers ?? {}).flatMap(([event, handler]) => {
      const place = `${name} (event ${subscription}.${event})`;
      if (handler === undefined || Object.hasOwn(contract.events, event)) return handler === undefined ? [] : notFunction(place, handler);
      const problem = `has a handler, and the contract ${contract.name} has no such event.`;
      return [{ variable: place, problem, cure: `${meant(event, Object.keys(contract.events))}Correct its name, or remove the handler.` }];
    });
  });
}

function workflowFaults({ name, workflows, workflowHandlers, subscribesTo }: ContextModule): readonly ConfigurationFault[] {
  const place = (workflow: string): string => `${name} (workflow ${workflow})`;
  const declared = Object.entries(workflows).flatMap(([workflow, { version, earlier, waitsFor }]) => {
    const handler = workflowHandlers[workflow];
    const bodies = typeof handler === "function" ? { [version]: handler } : ((handler ?? {}) as Readonly<Record<string, unknown>>);
    const versions = [...new Set([...Object.keys(earlier), String(version)])];
    return [
      ...versions.flatMap((at) =>
        bodies[at] === undefined
          ? [missing(place(`${workflow}@${at}`), "body", `Add it to \`workflows\` in implement of ${name}; runs of it may be under way.`)]
          : notFunction(place(`${workflow}@${at}`), bodies[at]),
      ),
      ...Object.keys(bodies)
        .filter((at) => !versions.includes(at))
        .map((at) => ({
          variable: place(`${workflow}@${at}`),
          problem: "has a body, and the context has no such version.",
          cure: "Declare it in `version` or `earlier` of the workflow, or remove the body.",
        })),
      ...Object.entries(waitsFor).flatMap(([subscription, events]) =>
        events.flatMap((event) => waitFaults(place(workflow), `${subscription}.${event}`, subscribesTo[subscription]?.events[event])),
      ),
    ];
  });
  const surplus = surplusNames(workflowHandlers, workflows).map((workflow) => ({
    variable: place(workflow),
    problem: "has a body, and the context has no such workflow.",
    cure: `${meant(workflow, Object.keys(workflows))}Declare it in defineContext({ workflows }), or remove the body.`,
  }));
  return [...declared, ...surplus];
}

function waitFaults(variable: string, event: string, spec: { readonly orderedBy?: unknown } | undefined): readonly ConfigurationFault[] {
  if (spec === undefined) {
    const cure = "Add the contract to `subscribesTo` in defineContext, or correct `waitsFor`.";
    return [{ variable, problem: `waits for ${event}, which the context does not subscribe to.`, cure }];
  }
  if (spec.orderedBy !== undefined) return [];
  const problem = `waits for ${event}, which is not orderedBy a field: it has no key to wait for.`;
  return [{ variable, problem, cure: "Name the field in `orderedBy` of the event." }];
}

function missing(variable: string, what: "handler" | "body", cure: string): ConfigurationFault {
  return { variable, problem: `has no ${what}.`, cure };
}

function notFunction(variable: string, handler: unknown): readonly ConfigurationFault[] {
  if (typeof handler === "function") return [];
  return [
    {
      variable,
      problem: "has a handler that is not a function.",
      cure: `Write a function; it is ${handler === null ? "null" : `of type ${typeof handler}`}.`,
    },
  ];
}

function isOutsideEffect(handler: unknown): boolean {
  return typeof handler === "object" && handler !== null && "kind" in handler && handler.kind === "outsideEffect" && "run" in handler;
}

/** Paths in a tree of handlers that are not procedures of the contract. */
function surplusPaths(handlers: object, procedures: ProcedureTree, prefix = ""): readonly string[] {
  return Object.entries(handlers).flatMap(([name, handler]) => {
    const declared = Object.hasOwn(procedures, name) ? procedures[name] : undefined;
    if (handler === undefined || (declared !== undefined && isProcedure(declared))) return [];
    const isGroup = declared !== undefined && typeof handler === "object" && handler !== null;
    return isGroup ? surplusPaths(handler, declared as ProcedureTree, `${prefix}${name}.`) : [prefix + name];
  });
}

function surplusNames(handlers: object, declared: object): readonly string[] {
  return Object.entries(handlers).flatMap(([name, handler]) => (handler === undefined || Object.hasOwn(declared, name) ? [] : [name]));
}

function memberAt(tree: object, path: string): unknown {
  return path.split(".").reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], tree);
}
