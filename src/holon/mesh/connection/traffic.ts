import type { Link } from "./link.ts";
import type { MeshStats } from "./services.ts";

/** The part of {@link MeshStats} that is a sum over connections. */
type Traffic = Omit<{ -readonly [Name in keyof MeshStats]: number }, "connections" | "open">;

export function noTraffic(): Traffic {
  return { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, unknownFrames: 0 };
}

/** Adds the counters of a link. */
export function addTraffic(sum: Traffic, link: Link): void {
  sum.framesIn += link.framesIn;
  sum.framesOut += link.writer.queued;
  sum.bytesIn += link.bytesIn;
  sum.bytesOut += link.bytesOut;
  sum.unknownFrames += link.unknownFrames;
}
