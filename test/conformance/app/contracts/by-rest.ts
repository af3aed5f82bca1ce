import { type AnyProcedure, contract, type ProcedureTree, type RestLine, walkProcedures } from "holon/contract";

/**
 * Adds a REST route to each procedure, at `/<context>/<group>/<name>`: a GET if the input of a query fits into a URL, else a POST. With `POST`, all
 * routes are POSTs.
 *
 * Internal procedures and subscriptions get no route.
 */
export function byRest<const Tree extends ProcedureTree>(context: string, tree: Tree, queries: "GET" | "POST" = "GET"): Tree {
  // The tree keeps its structure and every schema; only `rest` is added, which does not change a procedure's type.
  return Object.fromEntries(
    Object.entries(tree).map(([name, node]) => {
      const path = `${context}/${name}`;
      return [name, isProcedure(node) ? withRoute(path, node, queries) : byRest(path, node, queries)];
    }),
  ) as Tree;
}

function isProcedure(node: AnyProcedure | ProcedureTree): node is AnyProcedure {
  return [...walkProcedures({ node })][0]?.[0] === "node";
}

function withRoute(path: string, procedure: AnyProcedure, queries: "GET" | "POST"): AnyProcedure {
  if (procedure.access === "internal" || procedure.type === "subscription") return procedure;
  const get: RestLine = `GET /${path}`;
  const isGet = procedure.type === "query" && queries === "GET" && fits(procedure, get);
  return { ...procedure, rest: isGet ? get : `POST /${path}` };
}

function fits(procedure: AnyProcedure, rest: RestLine): boolean {
  try {
    contract("probe", { procedures: { it: { ...procedure, rest } } });
    return true;
  } catch {
    return false;
  }
}
