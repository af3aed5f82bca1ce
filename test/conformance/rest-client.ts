/** A refusal in the form of REST. */
interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly details?: unknown;
  readonly issues?: unknown;
  readonly errorId?: unknown;
}

/** The error that a REST client makes of problem details. */
export class RestProblem extends Error {
  readonly code: string;
  readonly httpStatus: number;
  readonly details: unknown;

  constructor({ status, detail, code, details, issues, errorId }: Problem) {
    super(detail);
    this.code = code;
    this.httpStatus = status;
    this.details = issues === undefined ? (errorId === undefined ? details : { errorId }) : { issues };
  }
}

/** Calls procedures by path through their REST routes. It has the part of a tRPC client that the cases use. */
export interface RestClient {
  query(path: string, input?: unknown, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  mutation(path: string, input?: unknown, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
}
