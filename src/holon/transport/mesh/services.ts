import type { AnyProcedure } from "../../contract/index.ts";
import type { Clock, Limits, Logger, TimerWheel } from "../../kernel/index.ts";

/** What every part of the mesh is built on; handed in, never taken from the surroundings. */
export interface MeshServices {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
}

/** How the two ends of a connection tell whether they mean the same procedure. */
export interface ProcedureComparison {
  /** A short text; equal for procedures that need no closer look. */
  hash(procedure: AnyProcedure): string;
  /** JSON from which another process can tell whether the procedure fits. */
  describe(procedure: AnyProcedure): unknown;
  /** Why a caller built from one description cannot call a callee that sent the other; undefined where it can. */
  incompatibility(caller: unknown, callee: unknown): string | undefined;
}

/** Counters of one end of the mesh since it was created. */
export interface MeshStats {
  /** Connections that are open now. */
  readonly connections: number;
  /** Calls and streams that are open now. */
  readonly open: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}
