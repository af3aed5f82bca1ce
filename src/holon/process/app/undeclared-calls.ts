import type { ContextModule } from "../../define/index.ts";
import type { ConfigurationFault } from "../plan/index.ts";

/** `ctx.call.stock`, `ctx.asSystem.call.stock`, or `call.stock` of what a handler took apart. */
const CALLED = /(?<![\w$])call\??\.([a-z]\w*)/g;

/**
 * Calls of other contexts of the app that are written in a handler and that its context does not declare: each would fail when it is made.
 *
 * It reads the text of the handlers, so it does not see what a function elsewhere calls.
 */
export function undeclaredCalls(module: ContextModule, appContexts: readonly string[]): readonly ConfigurationFault[] {
  const known = new Set(appContexts.filter((name) => !Object.hasOwn(module.calls, name)));
  return handlersOf(module).flatMap(([place, handler]) => {
    const called = [...codeOf(handler).matchAll(CALLED)].map(([, name]) => name as string);
    return [...new Set(called)]
      .filter((name) => known.has(name))
      .map((name) => ({
        variable: place,
        problem: `calls ${name}, which the context does not declare.`,
        cure: `Add its contract to \`calls\` in defineContext of ${module.name}.`,
      }));
  });
}

/** A text that looks like a comment hides what follows it, so that a call may be missed, and none is made up. */
function codeOf(handler: () => unknown): string {
  const [first = "", ...others] = handler.toString().split("/*");
  const outside = others.map((part) => (part.includes("*/") ? part.slice(part.indexOf("*/") + 2) : ""));
  return [first, ...outside]
    .join("")
    .replace(/\/\/[^\n]*/g, "")
    .replace(/\s+/g, " ")
    .replace(/ (?=\??\.)/g, "");
}

type Named = readonly [place: string, handler: () => unknown];

/** The handlers of a context, each with what an operator calls it: `orders.place`, or `orders (job sendReceipt)`. */
function handlersOf({ name, procedures, rules, jobHandlers, workflowHandlers, atStart }: ContextModule): readonly Named[] {
  return [
    ...functionsIn(procedures, (path) => `${name}.${path}`),
    ...functionsIn(rules, (path) => `${name}.${path} (rule)`),
    ...functionsIn(jobHandlers, (path) => `${name} (job ${path})`),
    ...functionsIn(workflowHandlers, (path) => `${name} (workflow ${path})`),
    ...functionsIn(atStart, () => `${name} (start)`),
  ];
}

/** Handlers may stand in folders of the contract, by version, or in the object that `outsideEffect` or a rule on answers is. */
function functionsIn(node: unknown, nameOf: (path: string) => string, path = ""): readonly Named[] {
  if (typeof node === "function") return [[nameOf(path), node as () => unknown]];
  if (typeof node !== "object" || node === null) return [];
  const isOneHandler = ("kind" in node && node.kind === "outsideEffect") || ("answer" in node && typeof node.answer === "function");
  return Object.entries(node).flatMap(([name, child]) => functionsIn(child, nameOf, isOneHandler ? path : path === "" ? name : `${path}.${name}`));
}
