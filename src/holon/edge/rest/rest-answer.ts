import type { HolonError } from "../../kernel/holon-error.ts";
import type { CallOwner, EdgeCall } from "../http/edge-call.ts";
import { errorHeader, PROBLEM_TYPE, toProblemJson } from "../http/error-body.ts";
import type { HttpExchange } from "../http/http-exchange.ts";
import { isKnownTag, toEntityTag, versionOf } from "./entity-tag.ts";
import type { RestEndpoint } from "./rest-table.ts";

/** Writes the answer of a REST route: the output unchanged, or problem details. */
export class RestAnswer implements CallOwner {
  readonly #exchange: HttpExchange;
  readonly #endpoint: RestEndpoint;
  /** The version in `If-Match`. */
  readonly #wanted: number | undefined;

  constructor(exchange: HttpExchange, endpoint: RestEndpoint, wanted: number | undefined) {
    this.#exchange = exchange;
    this.#endpoint = endpoint;
    this.#wanted = wanted;
  }

  settled(call: EdgeCall): void {
    if (call.error === undefined) this.#succeed(call);
    else this.#fail(call.error);
  }

  #succeed({ output, json }: EdgeCall): void {
    const { route } = this.#endpoint;
    const headers = this.#exchange.commonHeaders();
    if (json === undefined) return this.#exchange.send(route.status === 200 ? 204 : route.status, headers, undefined);
    const tag = this.#tagOf(output, json);
    if (tag !== undefined) headers.push("etag", tag);
    if (route.cache !== undefined) headers.push("cache-control", route.cache);
    if (route.location !== undefined) headers.push("location", fill(route.location, output));
    const known = this.#exchange.request.headers["if-none-match"];
    if (tag !== undefined && known !== undefined && this.#endpoint.isTagged && isKnownTag(known, tag)) {
      return this.#exchange.send(304, headers, undefined);
    }
    headers.push("content-type", "application/json");
    return this.#exchange.send(route.status, headers, json);
  }

  #fail(error: HolonError): void {
    const current = versionOf(error.details);
    const isStale = this.#wanted !== undefined && error.code === "CONFLICT" && current !== undefined && current !== this.#wanted;
    // Without If-Match the version is a part of the input, and an outdated version is a conflict. With If-Match the condition of the request is
    // false, so the status is 412.
    sendProblem(this.#exchange, error, [], isStale ? 412 : error.status);
  }

  /**
   * RFC 9110 (9.3.4) forbids a tag on the answer to a PUT if the body is not kept as it was sent. Our rows get a version when they are written, so they are
   * not kept as they were sent.
   */
  #tagOf(output: unknown, json: string): string | undefined {
    const { route, isTagged } = this.#endpoint;
    const isRow = route.answersVersion && route.method !== "PUT" && versionOf(output) !== undefined;
    return isTagged || isRow ? toEntityTag(output, json) : undefined;
  }
}

/** Fills the members of an answer into a URL. An answer may hold half a surrogate pair, which no URL can express: U+FFFD takes its place. */
function fill(template: string, output: unknown): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (_whole, name: string) =>
    encodeURIComponent(String((output as Record<string, unknown> | null)?.[name]).toWellFormed()),
  );
}

/** Answers a request with an error as problem details. `extra` is a flat list of header names and values. */
export function sendProblem(exchange: HttpExchange, error: HolonError, extra: readonly string[] = [], status = error.status): void {
  const body = toProblemJson(error, status, exchange.deps.limits.errorBytes);
  exchange.send(status, ["content-type", PROBLEM_TYPE, ...extra, ...(errorHeader(error) ?? []), ...exchange.commonHeaders()], body);
}
