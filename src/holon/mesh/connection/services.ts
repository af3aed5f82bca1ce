import type { Clock } from "../../kernel/clock.ts";
import type { Limits } from "../../kernel/limits.ts";
import type { Logger } from "../../kernel/log.ts";
import type { TimerWheel } from "../../kernel/timer-wheel.ts";

/** What every part of the mesh uses. It is passed in; no part reads it from globals. */
export interface MeshServices {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Logger;
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
  /** Frames of kinds that this version does not know. If it is not 0, a peer is newer. */
  readonly unknownFrames: number;
}
