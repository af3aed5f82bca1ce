import type { Readiness } from "../../edge/edge-options.ts";
import type { HealthPart } from "./health-parts.ts";

/** The state that readiness is computed from. */
interface ReadinessSources {
  readonly phase: "starting" | "running" | "stopping";
  /** Names of the contexts that are hosted here. */
  readonly hosted: readonly string[];
  readonly parts: readonly HealthPart[];
}

/**
 * Whether a load balancer should send calls to this process, and what does not work here.
 *
 * A process is not ready while it starts or stops, and while none of its contexts can work because each has a database that does not answer, or whose tables
 * are not those of the code. Any other part that does not work makes the process *degraded*: other processes miss that part as well, so all of them would leave
 * the balancer together, with everything that still works.
 */
export function readinessOf({ phase, hosted, parts }: ReadinessSources): Readiness {
  const reasons: string[] = phase === "running" ? [] : [`this process is ${phase}`];
  const broken = parts.filter(({ part, fault }) => part === "database" && fault !== undefined);
  const canWork = hosted.length === 0 || hosted.some((context) => broken.every(({ name }) => name !== context));
  if (!canWork) reasons.push(...faultsOf(broken));
  const degraded = faultsOf(canWork ? parts : parts.filter(({ part }) => part !== "database"));
  return { ready: reasons.length === 0, reasons, degraded };
}

function faultsOf(parts: readonly HealthPart[]): readonly string[] {
  return parts.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
}
