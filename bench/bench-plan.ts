/** A goal of a bench: a limit on a figure of one contender, or on its ratio to another contender of the same round. */
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

/** The names of the benches. */
export type BenchName = "local" | "mesh" | "edge" | "jobs" | "events" | "workflows";

/** One bench: its contenders, its numbers of concurrent calls, and its goals. */
export interface BenchPlan {
  readonly name: BenchName;
  readonly title: string;
  /** The contenders in the order of the report. The first is the base of the ratios. */
  readonly contenders: readonly string[];
  /** The contenders that need no third-party package. */
  readonly own: readonly string[];
  readonly concurrencies: readonly number[];
  readonly metrics: readonly Metric[];
  /**
   * The unit of `warmLength` and `roundLength`: milliseconds of calling, or pieces of work. A round of pieces ends when all are done, and needs a Redis and a
   * Postgres.
   */
  readonly unit: "ms" | "pieces";
  /** The source of the bench processes, relative to this folder. */
  readonly child: string;
  /** Whether all packages are bundled into one file. Drivers of queues and databases, and Fastify, cannot be bundled. */
  readonly isBundled: boolean;
  /** Whether a contender is two processes: a server and a client. */
  readonly isPair: boolean;
  /** The length of the warm-up before the first round, for each contender and each concurrency. */
  readonly warmLength: number;
  /** The default length of a round. */
  readonly roundLength: number;
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
  unit: "ms",
  ...{ child: "./child.ts", isBundled: true, isPair: false },
  warmLength: 1_500,
  roundLength: 300,
  goals: [
    { contender: "holon", metric: "us", concurrency: 1, atMost: 1 },
    { contender: "holon", against: "trpc", metric: "callsPerSecond", concurrency: 1, atLeast: 10 },
    { contender: "holon", against: "orpc", metric: "callsPerSecond", concurrency: 1, atLeast: 3 },
  ],
};

const mesh: BenchPlan = {
  name: "mesh",
  title: "Call between two processes",
  contenders: ["raw", "holon", "holon-secret", "trpc", "trpc-batch", "orpc", "moleculer", "nest", "grpc", "connect"],
  own: ["raw", "holon", "holon-secret"],
  concurrencies: [1, 16, 128],
  metrics: [CALLS, { name: "p50us", title: "p50 us", digits: 0 }, { name: "p99us", title: "p99 us", digits: 0 }, { ...CPU, digits: 1 }],
  unit: "ms",
  ...{ child: "./child.ts", isBundled: true, isPair: true },
  warmLength: 1_500,
  roundLength: 500,
  goals: [
    { contender: "holon", against: "raw", metric: "p50us", concurrency: 1, atMost: 1.3 },
    { contender: "holon", against: "raw", metric: "callsPerSecond", concurrency: 16, atLeast: 0.7 },
    { contender: "holon", against: "raw", metric: "callsPerSecond", concurrency: 128, atLeast: 0.7 },
    ...[1, 16, 128].map((concurrency): Goal => ({ contender: "holon", against: "moleculer", metric: "callsPerSecond", concurrency, atLeast: 1 })),
  ],
};

const EDGE_CONCURRENCIES = [1, 16, 64];
const ADAPTERS = ["trpc", "trpc-standalone"];
const EDGE_CONTENDERS = ["trpc", "trpc-standalone", "holon", "trpc-batch", "trpc-standalone-batch", "holon-batch", "fastify-rest", "holon-rest"];

function edgeGoals(contender: string, against: string, atLeast: number): Goal[] {
  return EDGE_CONCURRENCIES.map((concurrency) => ({ contender, against, metric: "requestsPerSecond", concurrency, atLeast }));
}

const edge: BenchPlan = {
  name: "edge",
  title: "Request to the public port, one call or ten",
  contenders: EDGE_CONTENDERS,
  own: EDGE_CONTENDERS,
  concurrencies: EDGE_CONCURRENCIES,
  metrics: [
    { name: "requestsPerSecond", title: "requests/s", digits: 0 },
    { ...CPU, title: "CPU us/request, server", digits: 0 },
  ],
  unit: "ms",
  ...{ child: "./edge/child.ts", isBundled: false, isPair: true },
  warmLength: 2_000,
  roundLength: 1_000,
  goals: [
    ...["", "-batch"].flatMap((form) => ADAPTERS.flatMap((adapter) => edgeGoals(`holon${form}`, `${adapter}${form}`, 4))),
    ...edgeGoals("holon-rest", "fastify-rest", 0.8),
  ],
};

const WAITS = { child: "./waits/child.ts", isBundled: false, isPair: false } as const;
const BACKENDS = ["redis", "postgres"] as const;
const WAITS_CONTENDERS = BACKENDS.flatMap((backend) => [`bullmq-${backend}`, `holon-${backend}`]);

const jobs: BenchPlan = {
  name: "jobs",
  title: "Jobs that are queued already, worked off by one worker",
  contenders: WAITS_CONTENDERS,
  own: WAITS_CONTENDERS,
  concurrencies: [1, 50],
  metrics: [
    { name: "jobsPerSecond", title: "jobs/s", digits: 0 },
    { name: "queuedPerSecond", title: "queued/s", digits: 0 },
    { ...CPU, title: "CPU us/job", digits: 0 },
  ],
  unit: "pieces",
  ...WAITS,
  warmLength: 1_000,
  roundLength: 20_000,
  goals: BACKENDS.flatMap((backend) =>
    [1, 50].map(
      (concurrency): Goal => ({ contender: `holon-${backend}`, against: `bullmq-${backend}`, metric: "jobsPerSecond", concurrency, atLeast: 0.9 }),
    ),
  ),
};

const events: BenchPlan = {
  name: "events",
  title: "Single events, each to the start of its handler; then a burst, to the last committed effect",
  contenders: WAITS_CONTENDERS,
  own: WAITS_CONTENDERS,
  concurrencies: [1],
  metrics: [
    { name: "eventsPerSecond", title: "events/s", digits: 0 },
    { name: "settledPerSecond", title: "settled/s", digits: 0 },
    { name: "idleP50ms", title: "single event p50 ms", digits: 1 },
    { name: "idleP99ms", title: "single event p99 ms", digits: 1 },
  ],
  unit: "pieces",
  ...WAITS,
  warmLength: 2_000,
  roundLength: 20_000,
  goals: BACKENDS.flatMap((backend): Goal[] => [
    { contender: `holon-${backend}`, metric: "eventsPerSecond", concurrency: 1, atLeast: backend === "redis" ? 3_000 : 1_500 },
    { contender: `holon-${backend}`, metric: "idleP50ms", concurrency: 1, atMost: 15 },
    { contender: `holon-${backend}`, metric: "idleP99ms", concurrency: 1, atMost: 60 },
  ]),
};

const workflows: BenchPlan = {
  name: "workflows",
  title: "Runs of five local steps, beside commits of one row",
  contenders: ["postgres", "holon", "holon-pool-5"],
  own: ["postgres", "holon", "holon-pool-5"],
  concurrencies: [1, 16],
  metrics: [
    { name: "stepsPerSecond", title: "steps/s", digits: 0 },
    { name: "idleP50ms", title: "single run p50 ms", digits: 1 },
    { ...CPU, title: "CPU us/step", digits: 0 },
  ],
  unit: "pieces",
  ...WAITS,
  warmLength: 500,
  roundLength: 2_500,
  goals: [
    { contender: "holon", against: "postgres", metric: "stepsPerSecond", concurrency: 1, atLeast: 0.5 },
    { contender: "holon", against: "postgres", metric: "stepsPerSecond", concurrency: 16, atLeast: 0.5 },
    { contender: "holon", metric: "idleP50ms", concurrency: 1, atMost: 40 },
  ],
};

/** The benches by name. */
export const BENCHES: Readonly<Record<string, BenchPlan>> = { local, mesh, edge, jobs, events, workflows };
