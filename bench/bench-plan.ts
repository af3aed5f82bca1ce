/** What a bench promises of one contender, alone or against another one of the same round. */
export interface Goal {
  readonly contender: string;
  readonly against?: string;
  readonly metric: string;
  readonly concurrency: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A figure of a bench, and how it is shown. */
export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly digits: number;
}

/** One bench: who takes part, at which numbers of calls at once, and what is promised. */
export interface BenchPlan {
  readonly name: "local" | "mesh";
  readonly title: string;
  /** In the order in which they are shown; the first is the base of the ratios. */
  readonly contenders: readonly string[];
  /** Those of `contenders` that need no package of a third party. */
  readonly own: readonly string[];
  readonly concurrencies: readonly number[];
  readonly metrics: readonly Metric[];
  /** Before the first round, for each contender and each number of calls at once. */
  readonly warmMs: number;
  /** Length of a round unless told otherwise. */
  readonly roundMs: number;
  readonly goals: readonly Goal[];
}

const CALLS: Metric = { name: "callsPerSecond", title: "calls/s", digits: 0 };
const CPU: Metric = { name: "cpuUs", title: "CPU us/call", digits: 2 };

const local: BenchPlan = {
  name: "local",
  title: "Call in one process",
  contenders: ["raw", "holon", "trpc", "orpc", "moleculer", "nest"],
  own: ["raw", "holon"],
  concurrencies: [1],
  metrics: [{ name: "us", title: "us/call", digits: 2 }, CALLS, CPU],
  warmMs: 1_500,
  roundMs: 300,
  goals: [
    { contender: "holon", metric: "us", concurrency: 1, atMost: 1 },
    { contender: "holon", against: "trpc", metric: "callsPerSecond", concurrency: 1, atLeast: 10 },
    { contender: "holon", against: "orpc", metric: "callsPerSecond", concurrency: 1, atLeast: 3 },
  ],
};

const mesh: BenchPlan = {
  name: "mesh",
  title: "Call between two processes",
  contenders: ["raw", "holon", "trpc", "trpc-batch", "orpc", "moleculer", "nest", "grpc", "connect"],
  own: ["raw", "holon"],
  concurrencies: [1, 16, 128],
  metrics: [CALLS, { name: "p50us", title: "p50 us", digits: 0 }, { name: "p99us", title: "p99 us", digits: 0 }, { ...CPU, digits: 1 }],
  warmMs: 1_500,
  roundMs: 500,
  goals: [
    { contender: "holon", against: "raw", metric: "p50us", concurrency: 1, atMost: 1.3 },
    { contender: "holon", against: "raw", metric: "callsPerSecond", concurrency: 16, atLeast: 0.7 },
    { contender: "holon", against: "raw", metric: "callsPerSecond", concurrency: 128, atLeast: 0.7 },
    ...[1, 16, 128].map((concurrency): Goal => ({ contender: "holon", against: "moleculer", metric: "callsPerSecond", concurrency, atLeast: 1 })),
  ],
};

/** The benches by name. */
export const BENCHES: Readonly<Record<string, BenchPlan>> = { local, mesh };
