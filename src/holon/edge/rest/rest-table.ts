import { NOTHING, type RestRoute } from "../../contract/index.ts";
import type { CallMetrics } from "../../observe/call-metrics.ts";
import type { EdgeRoute, RouteTable } from "../http/route-table.ts";
import { RestInput } from "./rest-input.ts";

/** A procedure at its path and method, with all that is the same for each of its requests. */
export interface RestEndpoint {
  readonly route: RestRoute;
  readonly call: EdgeRoute;
  readonly input: RestInput;
  /** Whether the answer has a tag because caches may keep it. This is so for a GET whose answer has a version or a lifetime. */
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

  /** Routes of procedures that are not public are left out, so a request for one is handled like one for an unknown route. */
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

/** A value of a {@link PathTree}, with the texts that the path has in place of the template's `{name}` parts. */
export interface FoundPath<Value> {
  readonly value: Value;
  /** The texts are still percent-encoded, and in the order of the template. */
  readonly texts: readonly string[];
}

/**
 * Values by path templates such as `/products/{id}`.
 *
 * At the same place, a fixed word of a template is tried before a `{name}` part. If nothing is found below the word, the `{name}` part is tried.
 * Paths are compared as they are sent: a trailing slash, another case or an encoded letter makes another path.
 */
export class PathTree<Value> {
  readonly #root = new Node<Value>();

  /** The value of a template; it is created if there is none yet. */
  obtain(template: string, create: () => Value): Value {
    let node = this.#root;
    for (const segment of template.slice(1).split("/")) node = node.obtain(segment);
    node.value ??= create();
    return node.value;
  }

  /** Finds a path in a URL that begins with a slash. What follows a `?` is ignored. */
  find(url: string): FoundPath<Value> | undefined {
    const mark = url.indexOf("?");
    const texts: string[] = [];
    const value = this.#root.find(url, 1, mark < 0 ? url.length : mark, texts);
    return value === undefined ? undefined : { value, texts };
  }
}

class Node<Value> {
  value: Value | undefined = undefined;
  readonly #words = new Map<string, Node<Value>>();
  #member: Node<Value> | undefined = undefined;

  obtain(segment: string): Node<Value> {
    if (segment.startsWith("{")) {
      this.#member ??= new Node();
      return this.#member;
    }
    let node = this.#words.get(segment);
    if (node === undefined) {
      node = new Node();
      this.#words.set(segment, node);
    }
    return node;
  }

  /**
   * The value below this node for the rest of `url` from `from` on. Adds to `texts` the values of the `{name}` parts of the route that was
   * found, not of routes that were tried and did not match.
   */
  find(url: string, from: number, end: number, texts: string[]): Value | undefined {
    if (from > end) return this.value;
    const slash = url.indexOf("/", from);
    const stop = slash < 0 || slash > end ? end : slash;
    const segment = url.slice(from, stop);
    const known = this.#words.get(segment)?.find(url, stop + 1, end, texts);
    if (known !== undefined || this.#member === undefined || segment === "") return known;
    const length = texts.push(segment);
    const found = this.#member.find(url, stop + 1, end, texts);
    if (found === undefined) texts.length = length - 1;
    return found;
  }
}
