import type { ContextModule } from "../../define/define-context.ts";
import type { ConfigurationFault } from "../plan/configuration-error.ts";

/**
 * Matches `ctx.call.stock.left` and `ctx.asSystem.call.stock.left`; in a workflow `step.call("look", ({ call }) => call.stock.left())`. A member `call` of any
 * other object is not matched, because it may be something else.
 */
const CALLED = /(?:(?<![\w$])(?:ctx|asSystem)\??\.|\.call\( ?, ?(?:async ?)?\(\{ ?call ?\}\) ?=> ?(?:\(?await )?)call\??\.([\w$?.]+)/g;

/** A comment or a string. */
const TEXT = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?/g;

/**
 * Calls of other contexts of the app that are written in a handler and that its context does not declare. Each such call would fail at run time.
 *
 * A fault prevents the start, so the check may miss a call but must not invent one. It reads only the code of the handlers. It does not see calls in
 * other functions that a handler uses, or calls through another name than `ctx`.
 */
export function undeclaredCalls(module: ContextModule, appContexts: readonly string[]): readonly ConfigurationFault[] {
  const known = new Set(appContexts.filter((name) => !Object.hasOwn(module.calls, name)));
  return handlersOf(module).flatMap(([place, handler]) => {
    const paths = [...codeOf(handler).matchAll(CALLED)].map(([, path = ""]) => path.split(/\??\./));
    // `Object.keys(ctx.call.stock)` is not a call.
    const called = paths.flatMap(([name = "", ...members]) => (members.length > 0 ? [name] : []));
    return [...new Set(called)]
      .filter((name) => known.has(name))
      .map((name) => ({
        variable: place,
        problem: `calls ${name}, which the context does not declare.`,
        cure: `Add its contract to \`calls\` in defineContext of ${module.name}.`,
      }));
  });
}

/**
 * The code of a handler without its comments and strings, up to its first slash or template. A slash may begin a regular expression with a quote in it, and a
 * template may contain code, so text and code cannot be told apart after that.
 */
function codeOf(handler: () => unknown): string {
  const [code = ""] = handler.toString().replace(TEXT, " ").split(/[`/]/, 1);
  return code.replace(/\s+/g, " ").replace(/ ?(\??\.) ?/g, "$1");
}

type Named = readonly [place: string, handler: () => unknown];

/** The handlers of a context, each with the name that operators see: `orders.place`, or `orders (job sendReceipt)`. */
function handlersOf({ name, procedures, rules, jobHandlers, workflowHandlers, atStart }: ContextModule): readonly Named[] {
  return [
    ...functionsIn(procedures, (path) => `${name}.${path}`),
    ...functionsIn(rules, (path) => `${name}.${path} (rule)`),
    ...functionsIn(jobHandlers, (path) => `${name} (job ${path})`),
    ...functionsIn(workflowHandlers, (path) => `${name} (workflow ${path})`),
    ...functionsIn(atStart, () => `${name} (start)`),
  ];
}

/** The functions in a tree of handlers, which may have groups or versions. `outsideEffect` and a rule on answers are objects with one handler inside. */
function functionsIn(node: unknown, nameOf: (path: string) => string, path = ""): readonly Named[] {
  if (typeof node === "function") return [[nameOf(path), node as () => unknown]];
  if (typeof node !== "object" || node === null) return [];
  const isOneHandler = ("kind" in node && node.kind === "outsideEffect") || ("answer" in node && typeof node.answer === "function");
  return Object.entries(node).flatMap(([name, child]) => functionsIn(child, nameOf, isOneHandler ? path : path === "" ? name : `${path}.${name}`));
}
