import { TRPCClientError } from "@trpc/client";
import { type CatalogueCode, ERROR_CATALOGUE, HolonError } from "holon";
import { expect } from "vitest";
import { RestProblem } from "./rest-client.ts";

/** An error as its receiver sees it, as data that can be written down and compared. */
export interface Failure {
  readonly failure: Readonly<Record<string, unknown>>;
}

/**
 * The result of a promise: its value, or its error as data.
 *
 * Error ids are random and become `<id>`. Messages of DEADLINE_EXCEEDED and CANCELLED become `<any>`, because it is random which side of a connection
 * notices a deadline first, and each side has its own message.
 */
export async function outcomeOf(work: Promise<unknown> | (() => Promise<unknown>)): Promise<unknown> {
  try {
    return await (typeof work === "function" ? work() : work);
  } catch (error) {
    return describeError(error);
  }
}

/** The results of several promises. */
export function outcomesOf(works: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(works.map((work) => outcomeOf(work)));
}

/** A name that only functions of callees have: a stack with this name has crossed from callee to caller. */
export const CALLEE_FRAME = "frameOfTheCallee";

function describeError(error: unknown): Failure {
  if (error instanceof HolonError) {
    const { name, code, message, executed, status, details } = error;
    const crossed = (error.stack ?? "").includes(CALLEE_FRAME);
    const members = Object.keys(error).sort();
    return {
      failure: {
        class: "HolonError",
        name,
        code,
        message: steady(code, message),
        executed,
        status,
        details: withoutId(details),
        hasCause: "cause" in error,
        stackOfCallee: crossed,
        members,
      },
    };
  }
  if (error instanceof TRPCClientError) {
    const data = error.data as { code?: string; httpStatus?: number; path?: string; details?: unknown } | undefined;
    const shape = error.shape as { code?: number } | undefined;
    return {
      failure: {
        class: "TRPCClientError",
        number: shape?.code,
        message: steady(data?.code, error.message),
        ...data,
        details: withoutId(data?.details),
      },
    };
  }
  if (error instanceof RestProblem) {
    const { code, httpStatus, message, details } = error;
    return { failure: { class: "RestProblem", code, httpStatus, message: steady(code, message), details: withoutId(details) } };
  }
  return { failure: { class: error instanceof Error ? error.constructor.name : typeof error, text: String(error) } };
}

function steady(code: string | undefined, message: string): string {
  return code === "DEADLINE_EXCEEDED" || code === "CANCELLED" ? "<any>" : message;
}

const ERROR_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function withoutId(details: unknown): unknown {
  if (typeof details !== "object" || details === null || !("errorId" in details)) return details;
  const { errorId } = details;
  return { ...details, errorId: typeof errorId === "string" && ERROR_ID.test(errorId) ? "<id>" : errorId };
}

/** The expected parts of an error that differ from the catalogue. */
interface Expected {
  readonly message?: unknown;
  readonly executed?: "no" | "maybe" | "yes";
  readonly status?: number;
  readonly details?: unknown;
}

/** Accepts any message; messages are only compared between topologies. */
const ANY_MESSAGE: unknown = expect.any(String);

/** The {@link Failure} that callers of another context see. */
export function failure(code: string, expected: Expected = {}): Failure {
  const row = code in ERROR_CATALOGUE ? ERROR_CATALOGUE[code as CatalogueCode] : { executed: "no", status: 422 };
  const { message = ANY_MESSAGE, executed = row.executed, status = row.status, details } = expected;
  return {
    failure: {
      class: "HolonError",
      name: "HolonError",
      code,
      message,
      executed,
      status,
      details,
      hasCause: false,
      stackOfCallee: false,
      members: ["code", "details", "executed", "name", "status"],
    },
  };
}

/** The error of every call whose handler failed in a way that its contract does not declare. */
export const INTERNAL = failure("INTERNAL", { message: "The call failed.", details: { errorId: "<id>" } });

/** A BAD_REQUEST with these issues, each by path and rule. */
export function badRequest(...issues: readonly (readonly [path: string, code: string])[]): Failure {
  return failure("BAD_REQUEST", {
    message: "The input does not fit the contract.",
    details: { issues: issues.map(([path, code]) => ({ path, code, message: ANY_MESSAGE })) },
  });
}

/** The expected parts of an error at the edge. */
interface ExpectedAtEdge {
  readonly number: number;
  readonly httpStatus: number;
  readonly path?: string;
  readonly message?: unknown;
  readonly details?: unknown;
}

/** The {@link Failure} that official clients see at the edge. */
export function edgeFailure(code: string, { message = ANY_MESSAGE, details, ...expected }: ExpectedAtEdge): Failure {
  return { failure: { class: "TRPCClientError", code, message, details, ...expected } };
}
