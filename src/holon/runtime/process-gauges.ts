import type { CompiledContext } from "../context/index.ts";
import type { GaugeReader } from "../observe/index.ts";
import type { OpenDatabase } from "./open-database.ts";

/** Numbers of a process that are read when they are asked for. */
export function processGauges({ stores }: OpenDatabase, hosted: readonly CompiledContext[]): readonly GaugeReader[] {
  return [
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
  ];
}
