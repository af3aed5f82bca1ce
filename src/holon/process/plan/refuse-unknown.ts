import type { AppShape } from "./plan.ts";
import { type EnvironmentReader, fileVariable, meant } from "./environment-reader.ts";
import { contextVariables, LIMIT_NAMES, limitVariable, TOOL_VARIABLES, VARIABLES } from "./variables.ts";

const CONTEXT_VARIABLE = /^HOLON_([A-Z][A-Z0-9]*?)(_DATABASE)?_URL$/;

/** All contexts that the app mentions: its own, and those of other deployments that it calls or subscribes to. */
export function knownContexts(shape: AppShape): string[] {
  return [...new Set(shape.contexts.flatMap((context) => [context.name, ...context.calls, ...context.subscribesTo]))];
}

/** Refuses every `HOLON_` variable that nothing reads: otherwise a misspelled name would be a setting that silently does nothing. */
export function refuseUnknownVariables(shape: AppShape, reader: EnvironmentReader): void {
  const contexts = knownContexts(shape);
  const ofContexts = contexts.flatMap((context) => Object.values(contextVariables(context)));
  const files = VARIABLES.filter(({ mayBeFile }) => mayBeFile).map(({ name }) => fileVariable(name));
  const known = new Set([...VARIABLES.map(({ name }) => name), ...files, ...ofContexts, ...LIMIT_NAMES.map(limitVariable)]);
  for (const name of reader.names) {
    if (!name.startsWith("HOLON_") || known.has(name) || TOOL_VARIABLES.includes(name)) continue;
    const context = CONTEXT_VARIABLE.exec(name)?.[1];
    const problem =
      context === undefined ? "is no setting of Holon." : `speaks of a context "${context.toLowerCase()}", which the app does not have.`;
    reader.refuse(
      printable(name),
      problem,
      `${meant(name, known)}${context === undefined ? "Correct it, or" : `Contexts are: ${contexts.join(", ")}. Correct it, or`} do not set it.`,
    );
  }
}

/** Names of variables come from outside, so characters that control a terminal are replaced. */
function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, "?");
}
