import { assertDistinctRoutes, ContractError } from "../../contract/index.ts";
import type { ContextModule } from "../../define/define-context.ts";
import { ConfigurationError, type ConfigurationFault } from "../plan/configuration-error.ts";
import type { App } from "./define-app.ts";
import { handlerFaults } from "./handler-faults.ts";
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
    cure: "List what `implement` returns in defineApp({ contexts }); undefined is often a circle of imports.",
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
