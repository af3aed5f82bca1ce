import type { Plan } from "./plan.ts";

/** The most connections to Postgres that a process can have open at once, by their use. */
export interface ConnectionBudget {
  /** Pools of the hosted contexts. */
  readonly contextsCount: number;
  /** One more for each context, which checks whether the server answers while the pool is busy. */
  readonly healthCount: number;
  /**
   * Connections that renew leases, if the background work of contexts runs here: one for each context while its pool is busy, and two of the second thread
   * while the process is blocked.
   */
  readonly renewalsCount: number;
  /** The client that receives NOTIFY. */
  readonly listenCount: number;
  /** The pool of queues on Postgres, and a connection on which each worker waits. */
  readonly queuesCount: number;
  readonly totalCount: number;
}

/** The extra connection of a pool, and those of the second thread for jobs and for workflow runs. */
const RENEWALS_OF_CONTEXT = 3;

/** The worst case of one process. Multiply it by the number of replicas and compare with `max_connections`. */
export function connectionBudget(plan: Plan): ConnectionBudget {
  const contextsCount = plan.databaseContexts.length * plan.limits.poolCount;
  const healthCount = plan.databaseContexts.length;
  const renewalsCount = plan.roles.includes("jobs") ? plan.databaseContexts.length * RENEWALS_OF_CONTEXT : 0;
  const listenCount = plan.databaseContexts.length > 0 ? 1 : 0;
  const queuesCount = plan.workersCount > 0 && plan.redisUrl === undefined ? plan.limits.poolCount + plan.workersCount : 0;
  const totalCount = contextsCount + healthCount + renewalsCount + listenCount + queuesCount;
  return { contextsCount, healthCount, renewalsCount, listenCount, queuesCount, totalCount };
}
