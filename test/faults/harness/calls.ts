import { AssertionError } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

/** Statuses that no fault of a process or server explains. */
const NEVER: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 415, 422, 500]);

/** The result of one attempt of a call: a status, or 0 if no answer came. */
export interface Attempt {
  readonly status: number;
  readonly data?: unknown;
  readonly code?: string;
}

/** Calls a mutation once, over the public port. */
export async function callOnce(url: string, procedure: string, input: unknown, key?: string, signal?: AbortSignal): Promise<Attempt> {
  // A signal of its own: `fetch` leaves its listener on the signal until the request is collected, and a load makes thousands of requests.
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    const answer = await fetch(`${url}/trpc/${procedure}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) },
      body: JSON.stringify(input),
      signal: attempt.signal,
    });
    const body = (await answer.json()) as {
      readonly result?: { readonly data: unknown };
      readonly error?: { readonly data?: { readonly code?: string } };
    };
    const code = body.error?.data?.code;
    return { status: answer.status, data: body.result?.data, ...(code === undefined ? {} : { code }) };
  } catch {
    return { status: 0 };
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * Calls a mutation with its idempotency key until it succeeds. Returns all attempts; the last one succeeded.
 *
 * Errors: an answer after which a retry is useless; the signal's reason.
 */
export async function callUntilAnswered(url: string, procedure: string, input: unknown, key: string, signal?: AbortSignal): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (;;) {
    signal?.throwIfAborted();
    const attempt = await callOnce(url, procedure, input, key, signal);
    attempts.push(attempt);
    if (attempt.status === 200) return attempts;
    if (NEVER.has(attempt.status)) throw new AssertionError({ message: `${procedure} answers ${JSON.stringify(attempt)}` });
    await sleep(200);
  }
}
