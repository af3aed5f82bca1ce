import type { ContextData } from "../data/context-data.ts";
import { catalogueError } from "../kernel/holon-error.ts";
import { markOrigin } from "../kernel/origin.ts";
import type { Scope } from "../kernel/scope.ts";

/**
 * Says for each statement of the toolkit whether and how it fails. "before": the statement fails, and the database has not done it. "after": the database
 * has done it, and only its answer is lost. "hangs": it waits until its scope is cancelled. If the result is an error, it is thrown before the statement;
 * if it is a promise, it is awaited before the statement.
 */
export type FailsWhen = (statement: {
  readonly task: string;
  readonly text: string;
  readonly params: readonly unknown[];
}) => "before" | "after" | "hangs" | Error | Promise<void> | undefined;

/** The store of a context. Some of its own statements fail, as they do while the database is unreachable. */
export function failingStatements(store: ContextData, when: FailsWhen): ContextData {
  const statement: ContextData["statement"] = async (scope, request) => {
    const how = when({ task: taskOf(scope), text: request.text, params: request.params ?? [] });
    if (how === "before") throw away();
    if (how === "hangs") return new Promise((_resolve, reject) => scope.onCancel(reject));
    if (how instanceof Error) throw how;
    if (how instanceof Promise) await how;
    const rows = await store.statement(scope, request);
    if (how === "after") throw away();
    return rows;
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = name === "statement" ? statement : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function taskOf({ principal }: Scope): string {
  return principal.kind === "system" ? principal.task : "";
}

function away(): Error {
  return passing("UNAVAILABLE", "The database is away.");
}

/** A temporary error of the database. */
export function passing(code: "UNAVAILABLE" | "OVERLOADED", message: string): Error {
  return markOrigin(catalogueError(code, message), { layer: "database", isPassing: true });
}
