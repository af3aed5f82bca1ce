import { BenchChild } from "./bench-child.ts";
import { freePort } from "./free-port.ts";
import type { Figures } from "./measure.ts";

/** What {@link startEntrant} needs. */
export interface EntrantOptions {
  readonly bench: "local" | "mesh";
  readonly contender: string;
  /** The compiled code of the processes. */
  readonly childFile: string;
  /** The Node that runs them. */
  readonly node: string;
  readonly peersFolder: string;
}

/** A contender with its processes running. */
export interface Entrant {
  readonly contender: string;
  /** The processes that do the work: one, or a server and a client. */
  readonly children: readonly BenchChild[];
  /** One round. */
  measure(concurrency: number, ms: number): Promise<Figures>;
  close(): void;
}

/** Starts the processes of a contender. Errors: one of them did not start; none is left behind. */
export async function startEntrant({ bench, contender, childFile, node, peersFolder }: EntrantOptions): Promise<Entrant> {
  const port = bench === "mesh" ? await freePort() : 0;
  const children: BenchChild[] = [];
  const close = (): void => {
    for (const child of children) child.close();
  };
  const start = async (half: "whole" | "server" | "client"): Promise<BenchChild> => {
    const child = new BenchChild(childFile, node, { bench, half, contender, port, peersFolder });
    children.push(child);
    await child.started();
    return child;
  };
  try {
    if (bench === "local") {
      const whole = await start("whole");
      return { contender, children, close, measure: (concurrency, ms) => whole.ask<Figures>({ kind: "run", concurrency, ms }) };
    }
    const server = await start("server");
    const client = await start("client");
    return { contender, children, close, measure: (concurrency, ms) => measurePair(server, client, concurrency, ms) };
  } catch (error) {
    close();
    throw error;
  }
}

/** The client's figures, with the processor time of both ends. */
async function measurePair(server: BenchChild, client: BenchChild, concurrency: number, ms: number): Promise<Figures> {
  const before = await server.ask<{ cpuUs: number }>({ kind: "cpu" });
  const { calls = Number.NaN, cpuUs = Number.NaN, ...figures } = await client.ask<Figures>({ kind: "run", concurrency, ms });
  const after = await server.ask<{ cpuUs: number }>({ kind: "cpu" });
  return { ...figures, cpuUs: cpuUs + (after.cpuUs - before.cpuUs) / calls };
}
