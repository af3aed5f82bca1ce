import type { BenchClient } from "./contender.ts";

/** The results of one round of one contender, by metric. */
export type Figures = Readonly<Record<string, number>>;

/** The clock is read once for this many calls, so that the readings add nothing to the result. */
const BATCH_COUNT = 200;

const TAGS_OF_A_PRODUCT = 5;

/** Gets one product after another. This is for calls that take less time than a reading of the clock. */
export async function measureSequence(client: BenchClient, ms: number): Promise<Figures> {
  client.begin?.();
  let calls = 0;
  let tags = 0;
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  let elapsedMs = 0;
  do {
    for (let k = 0; k < BATCH_COUNT; k++) tags += (await client.get(calls++ & 1023)).tags.length;
    elapsedMs = performance.now() - startedMs;
  } while (elapsedMs < ms);
  const { user, system } = process.cpuUsage(cpuBefore);
  if (tags !== calls * TAGS_OF_A_PRODUCT) throw new TypeError("not every answer was a product");
  return { us: (elapsedMs * 1000) / calls, callsPerSecond: calls / (elapsedMs / 1000), cpuUs: (user + system) / calls };
}

/** Keeps a number of calls in flight and measures the latency of each. `cpuUs` is the client's CPU time only. */
export async function measureLatencies(client: BenchClient, concurrency: number, ms: number): Promise<Figures> {
  client.begin?.();
  const latenciesMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const endMs = startedMs + ms;
  let sequence = 0;
  const worker = async (): Promise<void> => {
    let fromMs = performance.now();
    while (fromMs < endMs) {
      const product = await client.get(sequence++ & 1023);
      if (product.tags.length !== TAGS_OF_A_PRODUCT) throw new TypeError("an answer was no product");
      const nowMs = performance.now();
      latenciesMs.push(nowMs - fromMs);
      fromMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  const calls = latenciesMs.length;
  latenciesMs.sort((a, b) => a - b);
  const quantileUs = (q: number): number => (latenciesMs[Math.min(calls - 1, Math.floor(q * calls))] as number) * 1000;
  return { calls, callsPerSecond: calls / (elapsedMs / 1000), p50us: quantileUs(0.5), p99us: quantileUs(0.99), cpuUs: (user + system) / calls };
}
