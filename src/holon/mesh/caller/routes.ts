import { compareProcedures, type ProcedureDescription } from "../../contract/fingerprint.ts";
import { catalogueError, type HolonError } from "../../kernel/holon-error.ts";
import type { CalleeHello, OfferedProcedure } from "../protocol/hello.ts";

/** The number of a procedure at the callee, or the error if it cannot be called there. */
export type Route = number | HolonError;

/** A procedure as the caller knows it. */
export interface ExpectedProcedure {
  readonly contextName: string;
  readonly description: ProcedureDescription;
}

/** Routes by path. A procedure that does not match gets an error; the other procedures work. */
export function toRoutes(expected: ReadonlyMap<string, ExpectedProcedure>, hello: CalleeHello): ReadonlyMap<string, Route> {
  const offered = new Map(hello.procedures.map((line, number) => [line.path, { line, number }]));
  const routes = new Map<string, Route>();
  for (const [path, { contextName, description }] of expected) {
    const offer = offered.get(path);
    if (offer === undefined) {
      routes.set(
        path,
        hello.contexts.includes(contextName)
          ? mismatch(`${hello.process} does not offer ${path}, version ${description.hash}`)
          : notHosted(contextName, hello),
      );
      continue;
    }
    const { line, number } = offer;
    const problem = misfitOf(description, line);
    routes.set(
      path,
      problem === undefined
        ? number
        : mismatch(`${path} is version ${description.hash} here and version ${line.hash} in ${hello.process}: ${problem}`),
    );
  }
  return routes;
}

function misfitOf(caller: ProcedureDescription, { hash, description }: OfferedProcedure): string | undefined {
  if (hash === caller.hash) return undefined;
  try {
    const comparison = compareProcedures(caller, description as ProcedureDescription);
    return comparison.compatible ? undefined : comparison.reason;
  } catch {
    // Another version of the toolkit wrote the description.
    return "the callee's description cannot be read";
  }
}

function mismatch(text: string): HolonError {
  return catalogueError("CONTRACT_MISMATCH", `${text}.`);
}

function notHosted(contextName: string, hello: CalleeHello): HolonError {
  return catalogueError("UNAVAILABLE", `${hello.process} does not host the context ${contextName}.`, { executed: "no" });
}
