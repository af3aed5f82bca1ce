import { NOTHING, type RestRoute } from "../../contract/index.ts";
import type { CallMetrics } from "../../observe/call-metrics.ts";
import type { EdgeRoute, RouteTable } from "../http/route-table.ts";
import { type FoundPath, PathTree } from "./path-tree.ts";
import { RestInput } from "./rest-input.ts";

/** A procedure at its path and method, with what is decided once for all of its requests. */
export interface RestEndpoint {
  readonly route: RestRoute;
  readonly call: EdgeRoute;
  readonly input: RestInput;
  /** Whether the answer has a tag because caches may keep it: that of a GET with a version or a lifetime. */
  readonly isTagged: boolean;
}

/** The endpoints of one path by method. */
export class RestResource {
  readonly #endpoints = new Map<string, RestEndpoint>();
  #allow = "OPTIONS";

  add(endpoint: RestEndpoint): void {
    const { method } = endpoint.route;
    this.#endpoints.set(method, endpoint);
    if (method === "GET") this.#endpoints.set("HEAD", endpoint);
    this.#allow = [...this.#endpoints.keys(), "OPTIONS"].join(", ");
  }

  endpoint(method: string): RestEndpoint | undefined {
    return this.#endpoints.get(method);
  }

  /** The value of the `allow` header. */
  get allow(): string {
    return this.#allow;
  }
}

/** The REST routes of an edge, by path. */
export class RestTable {
  readonly #tree = new PathTree<RestResource>();

  /** Routes of procedures that are not public are left out, so a request for one takes the same path as one for an unknown route. */
  constructor(routes: readonly RestRoute[], procedures: RouteTable, metrics: CallMetrics) {
    for (const route of routes) {
      const found = procedures.find(route.procedure);
      if (found === undefined) continue;
      const series = metrics.series({ procedure: route.procedure, caller: "outside", transport: "rest" });
      this.#tree
        .obtain(route.path, () => new RestResource())
        .add({
          route,
          call: { ...found, method: route.method, series },
          input: new RestInput(route, found.target.procedure.input === NOTHING),
          isTagged: route.method === "GET" && (route.answersVersion || route.cache !== undefined),
        });
    }
  }

  find(url: string): FoundPath<RestResource> | undefined {
    return this.#tree.find(url);
  }
}
