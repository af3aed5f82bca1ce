import type { MeshServer } from "../../mesh/callee/mesh-server.ts";
import type { MeshPeer } from "../../mesh/caller/mesh-peer.ts";
import type { GaugeReader } from "../../observe/metrics.ts";
import type { CompiledContext } from "../../pipeline/context-runtime.ts";
import type { OpenDatabase } from "../start/open-database.ts";
import type { HealthPart } from "./process-health.ts";

/** The state that {@link processGauges} reads. */
interface GaugeParts {
  readonly database: Pick<OpenDatabase, "url" | "stores">;
  readonly hosted: readonly CompiledContext[];
  readonly mesh: MeshServer | undefined;
  readonly peers: ReadonlyMap<string, MeshPeer>;
  readonly parts: () => readonly HealthPart[];
  /** How far the clock of this process is ahead of that of a context's database; by context. */
  readonly skewsMs: ReadonlyMap<string, number>;
}

/** Numbers of a process that are read at each scrape. */
export function processGauges({ database: { stores }, hosted, mesh, peers, parts, skewsMs }: GaugeParts): readonly GaugeReader[] {
  return [
    {
      name: "holon_degraded",
      help: "1 while a part that this process works with does not work: a database, a process that it calls, the queues, the shared rate limits.",
      labels: ["part", "name"],
      values: () => parts().map(({ part, name, fault }) => [[part, name], fault === undefined ? 0 : 1] as const),
    },
    {
      name: "holon_pool_in_use",
      help: "Connections of a context that are in use.",
      labels: ["context"],
      values: () => [...stores].map(([name, store]) => [[name], store.stats().inUse] as const),
    },
    {
      name: "holon_pool_waiting",
      help: "Calls that wait for a connection.",
      labels: ["context"],
      values: () => [...stores].map(([name, store]) => [[name], store.stats().waiting] as const),
    },
    {
      name: "holon_calls_running",
      help: "Calls of a context that run now.",
      labels: ["context"],
      values: () => hosted.map((context) => [[context.name], context.running()] as const),
    },
    {
      name: "holon_streams_running",
      help: "Streams of a context whose handlers run now.",
      labels: ["context"],
      values: () => hosted.map((context) => [[context.name], context.streams()] as const),
    },
    {
      name: "holon_clock_skew_seconds",
      help: "How far the clock of this process is ahead of the clock of a context's database; negative where it is behind.",
      labels: ["context"],
      values: () => [...skewsMs].map(([name, ms]) => [[name], ms / 1_000] as const),
    },
    {
      name: "holon_mesh_unknown_frames",
      help: "Frames of kinds that this version does not know, since start: a process on the mesh is newer.",
      labels: ["side"],
      values: () => [
        [["callee"], mesh?.stats().unknownFrames ?? 0],
        [["caller"], [...new Set(peers.values())].reduce((sum, peer) => sum + peer.stats().unknownFrames, 0)],
      ],
    },
  ];
}
