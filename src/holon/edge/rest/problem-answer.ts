import type { HolonError } from "../../kernel/holon-error.ts";
import { errorHeader, PROBLEM_TYPE, toProblemJson } from "../http/error-body.ts";
import type { Exchange } from "../http/exchange.ts";

/** Answers a request with an error as problem details. `extra` is a flat list of header names and values. */
export function sendProblem(exchange: Exchange, error: HolonError, extra: readonly string[] = [], status = error.status): void {
  const body = toProblemJson(error, status, exchange.parts.limits.errorBytes);
  exchange.send(status, ["content-type", PROBLEM_TYPE, ...extra, ...(errorHeader(error) ?? []), ...exchange.commonHeaders()], body);
}
