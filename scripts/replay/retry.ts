import { isTRPCClientError } from "holon/client";

/** Codes after which a call with a key is retried. `NETWORK`: no answer came, or only a part of it. */
const WORTH_ANOTHER_TRY = new Set(["UNAVAILABLE", "OVERLOADED", "DEADLINE_EXCEEDED", "KEY_IN_FLIGHT", "NETWORK"]);

const FIRST_WAIT_MS = 50;
const GREATEST_WAIT_MS = 2_000;

/** The options of {@link createRetrying}. */
export interface RetryOptions {
  /** How long a call is retried, counted from its first failure; milliseconds. */
  readonly patienceMs: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
  /** Called for every failure that is retried. */
  readonly onRetry: (code: string) => void;
}

/** Runs a call until it succeeds, fails with a code that is not retried, or the time for retries is over. Errors: the last error of the call. */
export type Retrying = <Result>(call: () => Promise<Result>) => Promise<Result>;

/** Retries with exponential backoff and full jitter. */
export function createRetrying({ patienceMs, nowMs, sleep, random, onRetry }: RetryOptions): Retrying {
  return async (call) => {
    let untilMs: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const code = codeOf(error);
        untilMs ??= nowMs() + patienceMs;
        if (!WORTH_ANOTHER_TRY.has(code) || nowMs() >= untilMs) throw error;
        onRetry(code);
        await sleep(random() * Math.min(GREATEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));
      }
    }
  };
}

/** The code of an error. `NETWORK`: no whole answer came; `UNKNOWN`: the error does not come from the client. */
export function codeOf(error: unknown): string {
  if (!isTRPCClientError(error)) return "UNKNOWN";
  const code = (error.data as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "NETWORK";
}
