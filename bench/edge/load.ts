import autocannon from "autocannon";
import type { Figures } from "../measure.ts";
import { findProduct } from "../mesh/domain.ts";

/** The request that is repeated, and the only answer that is accepted. */
export interface Question {
  readonly path: string;
  readonly answer: string;
}

const ID = 7;
const BATCH_COUNT = 10;
const PATH = "catalog.products.get";

/** One call in each request, by GET, as `httpLink` sends it. */
export const SINGLE: Question = {
  path: `/trpc/${PATH}?input=${encodeURIComponent(JSON.stringify({ id: ID }))}`,
  answer: JSON.stringify({ result: { data: findProduct(ID) } }),
};

/** Ten calls in each request, as `httpBatchLink` sends them. */
export const BATCH: Question = {
  path: `/trpc/${Array(BATCH_COUNT).fill(PATH).join(",")}?batch=1&input=${encodeURIComponent(
    JSON.stringify(Object.fromEntries(Array.from({ length: BATCH_COUNT }, (_, at) => [at, { id: ID + at }]))),
  )}`,
  answer: JSON.stringify(Array.from({ length: BATCH_COUNT }, (_, at) => ({ result: { data: findProduct(ID + at) } }))),
};

/** One product by REST. */
export const REST: Question = { path: `/products/${ID}`, answer: JSON.stringify(findProduct(ID)) };

/** Sends requests over a number of connections, one at a time on each. Errors: an answer that differs from the expected one in any byte. */
export async function measureRequests(port: number, { path, answer }: Question, connections: number, ms: number): Promise<Figures> {
  const url = `http://127.0.0.1:${port}${path}`;
  const result = await autocannon({ url, connections, duration: ms / 1_000, expectBody: answer });
  const failures = result.errors + result.timeouts + result.non2xx + result.mismatches;
  if (failures > 0 || result["2xx"] === 0) throw new TypeError(`${failures} of ${result.requests.sent} requests had no good answer`);
  return { calls: result["2xx"], requestsPerSecond: result["2xx"] / result.duration, cpuUs: 0 };
}
