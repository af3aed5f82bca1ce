import type { Guard } from "./guard.ts";

const HEALTH = "src/holon/process/health/process-health.ts";
const POOL = "src/holon/data/pool/connection-pool.ts";

/** Guards of what stays up while a part is away: P3 and P14. */
export const GUARDS_OF_HEALTH: readonly Guard[] = [
  {
    of: "P3",
    takenOut: "a process that is only degraded stays ready (`readinessOf`)",
    edits: [
      {
        file: HEALTH,
        from: "return { ready: reasons.length === 0, reasons, degraded };",
        to: "return { ready: reasons.length + degraded.length === 0, reasons, degraded };",
      },
    ],
    test: "src/holon/process/health/process-health.test.ts",
  },
  {
    of: "P14",
    takenOut: "while a peer is dead, a process is degraded but stays ready (`readinessOf`)",
    edits: [
      {
        file: HEALTH,
        from: "if (!canWork) reasons.push(...faultsOf(broken));",
        to: 'reasons.push(...faultsOf(canWork ? parts.filter(({ part }) => part === "peer") : broken));',
      },
    ],
    test: "src/holon/process/health/process-health.test.ts",
  },
  {
    of: "P14",
    takenOut: "one context that can work keeps a process ready (`canWork`)",
    edits: [{ file: HEALTH, from: "hosted.some((context)", to: "hosted.every((context)" }],
    test: "src/holon/process/health/process-health.test.ts",
  },
  {
    of: "P3",
    takenOut: "queues are pinged (`ping` of the driver)",
    edits: [{ file: "src/holon/work/queue/bull-backend.ts", from: "await driver.ping();", to: "" }],
    test: "src/holon/work/queue/redis-away.test.ts",
    only: "a Redis that is connected and sends nothing",
  },
  {
    of: "P14",
    takenOut: "the shared counts of rate limits are pinged (`ping` in `openRedisRateStore`)",
    edits: [{ file: "src/holon/edge/rates/redis-rate-store.ts", from: "await client.ping().then(", to: "await Promise.resolve().then(" }],
    test: "src/holon/edge/rates/rate-limits.test.ts",
    only: "know that one is silent",
  },
  {
    of: "P14",
    takenOut: "the process goes on if the connection is lost while the driver runs a statement of its own (`isLostTypeStatement`)",
    edits: [{ file: "src/holon/cli/crash-log.ts", from: "if (isLostTypeStatement(reason)) {", to: "if (false) {" }],
    test: "test/processes/lost-connections.test.ts",
  },
  {
    of: "P14",
    takenOut: "a busy pool is pinged on a connection of its own (`pingApart`)",
    edits: [{ file: POOL, from: "if (this.#gate.full) await", to: "if (false) await" }],
    test: "src/holon/data/context-data.test.ts",
    only: "asks a server|says that a server is silent",
  },
  {
    of: "P14",
    takenOut: "an answer that came while the process was busy is read before the ping times out (`inSystemScope`)",
    edits: [
      {
        file: "src/holon/kernel/scope-deadline.ts",
        from: "setTimeout(() => setImmediate(() => scope.cancel(work.late())), work.deadlineMs)",
        to: "setTimeout(() => scope.cancel(work.late()), work.deadlineMs)",
      },
    ],
    test: "src/holon/data/context-data.test.ts",
    only: "if its answer came while this process was busy",
  },
];
