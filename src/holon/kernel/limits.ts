/**
 * Every limit of the toolkit with its default.
 *
 * Units are the last word of each name: `Ms` milliseconds, `Bytes` bytes, `Count` a number of things.
 */
export const DEFAULT_LIMITS = {
  /** Time that the edge gives a call that names no deadline. */
  deadlineMs: 10_000,
  /** Longest deadline that a caller may ask for. */
  greatestDeadlineMs: 30_000,
  /** Largest HTTP request body. */
  bodyBytes: 1024 * 1024,
  /** Most calls in one HTTP batch. */
  batchCount: 20,
  /** Most calls of one HTTP batch that run at once. */
  batchConcurrencyCount: 10,
  /** Largest HTTP answer. */
  responseBytes: 8 * 1024 * 1024,
  /** Largest body of an error answer. */
  errorBytes: 16 * 1024,
  /** Most validation issues in one error. */
  issuesCount: 20,
  /** Deepest nesting of JSON input. */
  depthCount: 64,
  /** Longest string in JSON input. */
  stringBytes: 256 * 1024,
  /** Longest array in JSON input. */
  arrayCount: 10_000,
  /** Time for the headers of a request to arrive. */
  headersTimeoutMs: 10_000,
  /** Time for a whole request to arrive. */
  requestTimeoutMs: 30_000,
  /** How long an idle HTTP connection is kept. */
  keepAliveMs: 72_000,
  /** Calls of one signed-in user that pass within `rateWindowMs`. */
  userRateCount: 5_000,
  /** Calls from one address, by users who are not signed in, that pass within `rateWindowMs`. */
  addressRateCount: 5_000,
  /**
   * Requests of one address that may be refused within `rateWindowMs` before it is known which procedure they call. If more are refused, each request for a
   * procedure from this address is answered with 429 until the window ends, also if nothing is wrong with it.
   */
  refusalRateCount: 300,
  /** How long calls are counted for `userRateCount` and `addressRateCount`, and refusals for `refusalRateCount`. */
  rateWindowMs: 10_000,
  /** Users, addresses and other keys that one rate limit remembers in one process; above it, the oldest key is forgotten. */
  rateKeysCount: 50_000,
  /** Largest frame on the mesh. */
  frameBytes: 8 * 1024 * 1024,
  /** Calls that one mesh connection may have open at once; 32 768 at most. */
  meshConcurrencyCount: 10_000,
  /** Streams that one mesh connection may have open at once, beside its calls; 32 768 at most. */
  meshStreamCount: 20_000,
  /** Bytes that may wait to be written to one mesh connection. If more wait, calls are refused. */
  meshBacklogBytes: 16 * 1024 * 1024,
  /** How often an idle mesh connection is pinged. */
  meshPingMs: 5_000,
  /** How long a mesh peer may stay silent before it counts as dead. */
  meshSilenceMs: 12_000,
  /** The shortest time that a signed principal is valid between processes. It is valid for longer if its call may take longer. */
  principalTokenMs: 60_000,
  /** Signed principals that a process remembers. */
  principalTokenCount: 10_000,
  /** How far the clocks of two processes may differ. */
  clockSkewMs: 10_000,
  /** Streams of one context that are open at once in one process, beside its calls. A stream counts until its handler has ended. */
  streamCount: 10_000,
  /** Streams of one signed-in user that are open at once at one edge. */
  userStreamCount: 20,
  /** Streams from one address that are open at once at one edge, including those of signed-in users. */
  addressStreamCount: 100,
  /**
   * How long a client waits before it asks again for a stream that was refused by `streamCount`, `userStreamCount`, `addressStreamCount` or
   * `meshStreamCount`.
   */
  streamRetryMs: 10_000,
  /** Items of one stream that may be sent before the consumer has taken them. */
  streamWindowCount: 32,
  /** How long a subscription may stay without an item. */
  subscriptionIdleMs: 120_000,
  /** How long a subscription may be open. At this age it is ended, and its client resumes it. */
  subscriptionGreatestAgeMs: 3_600_000,
  /** How often a subscription sends a heartbeat. */
  subscriptionHeartbeatMs: 10_000,
  /** The longest time that a statement may run; it never runs past the call's deadline. */
  statementTimeoutMs: 15_000,
  /** The longest time that a statement may wait for a lock. A transaction that handles events takes no further event after a third of this time. */
  lockTimeoutMs: 3_000,
  /**
   * After this time the server ends a transaction in which no statement is sent, because its process is then frozen or its machine is gone. A live process
   * keeps its transactions open until their deadlines.
   */
  idleInTransactionMs: 15_000,
  /**
   * Connections of one context in one process. While all of these are busy, up to two more are opened. One of the two checks whether the server answers. The
   * other reads the clock and renews the leases of jobs and runs, because the transactions of jobs and runs may keep the pool busy. `npm run plan` counts both.
   */
  poolCount: 5,
  /** The longest wait for a connection of the pool. */
  poolWaitMs: 2_000,
  /** Most calls that wait for a connection of the pool. */
  poolWaitingCount: 100,
  /** Calls of one context that run at once in one process. */
  concurrencyCount: 1_000,
  /** How long an idempotency key is kept. */
  keyTtlMs: 24 * 3_600_000,
  /** How long an event is kept after its last acknowledgement, for watchers that resume and for operators who inspect it. */
  outboxKeptMs: 7 * 86_400_000,
  /**
   * How long a context remembers that it handled an event, so that the same event has no effect again. It is at least a day, and not less than `outboxKeptMs`.
   */
  inboxKeptMs: 30 * 86_400_000,
  /** How long a job that is done is kept. */
  doneJobsKeptMs: 3_600_000,
  /** How long a job that failed for good is kept, so that it can be inspected and run again. */
  failedJobsKeptMs: 14 * 86_400_000,
  /**
   * How long a workflow run is kept after its end, together with its key. A start with the same key finds the run within this time and begins a new run after
   * it.
   */
  runsKeptMs: 30 * 86_400_000,
  /** How long an event is kept for runs that begin to wait for it later. */
  awaitedEventsKeptMs: 30 * 86_400_000,
  /** How long a start waits for databases that are unreachable or too busy. */
  startPatienceMs: 60_000,
  /** When a process stops: the time from when it reports that it is not ready until it refuses new work, so that load balancers notice. */
  drainMs: 5_000,
  /** How long work in flight may take to finish when the process stops. */
  graceMs: 20_000,
} as const;

/** The limits in force: all of {@link DEFAULT_LIMITS}, some with another value. */
export type Limits = { readonly [Name in keyof typeof DEFAULT_LIMITS]: number };
