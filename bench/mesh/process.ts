import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import type { Contender, ContenderClient } from "./contender.ts";

/** What the bench tells one of its processes to do. */
export type Order =
  | { readonly kind: "cpu" }
  | { readonly kind: "run"; readonly concurrency: number; readonly ms: number }
  | { readonly kind: "profile" }
  | { readonly kind: "profiled"; readonly file: string };

/** What a run of the client brought. */
export interface RunResult {
  readonly calls: number;
  readonly callsPerSecond: number;
  readonly p50us: number;
  readonly p99us: number;
  readonly cpuUs: number;
}

/** Runs one half of a contender in this process, ordered about by the parent: `[server|client, name, port]`. */
export async function runProcess(contenders: Readonly<Record<string, Contender>>, [role, name, port]: readonly string[]): Promise<void> {
  const contender = contenders[name as string] as Contender;
  let client: ContenderClient | undefined;
  if (role === "server") await contender.startServer(Number(port));
  else client = await contender.createClient(Number(port));
  const session = new Session();
  process.on("message", async (order: Order) => {
    switch (order.kind) {
      case "cpu": {
        const { user, system } = process.cpuUsage();
        process.send?.({ cpuUs: user + system });
        break;
      }
      case "run":
        process.send?.(await measure(client as ContenderClient, order.concurrency, order.ms));
        break;
      case "profile":
        session.connect();
        await session.post("Profiler.enable");
        await session.post("Profiler.setSamplingInterval", { interval: 200 });
        await session.post("Profiler.start");
        process.send?.({});
        break;
      case "profiled":
        writeFileSync(order.file, JSON.stringify((await session.post("Profiler.stop")).profile));
        process.send?.({});
    }
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ ready: true });
}

async function measure(client: ContenderClient, concurrency: number, ms: number): Promise<RunResult> {
  const latencies: number[] = [];
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const endMs = startedMs + ms;
  let sequence = 0;
  const worker = async (): Promise<void> => {
    let fromMs = performance.now();
    while (fromMs < endMs) {
      const product = await client.get(sequence++ & 1023);
      if (product.tags.length !== 5) throw new TypeError("not a product");
      const nowMs = performance.now();
      latencies.push(nowMs - fromMs);
      fromMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => (latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] as number) * 1000;
  return {
    calls: latencies.length,
    callsPerSecond: latencies.length / (wallMs / 1000),
    p50us: quantile(0.5),
    p99us: quantile(0.99),
    cpuUs: (user + system) / latencies.length,
  };
}
