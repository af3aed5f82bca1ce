import { BenchChild } from "./bench-child.ts";
import type { BenchPlan } from "./bench-plan.ts";
import { freePort } from "./free-port.ts";
import type { Figures } from "./measure.ts";
import type { Places } from "./waits/contender.ts";

/** The options of {@link startEntrant}. */
export interface EntrantOptions {
  readonly plan: BenchPlan;
  readonly contender: string;
  /** The compiled code of the bench processes. */
  readonly childFile: string;
  /** The path of the Node that runs them. */
  readonly node: string;
  readonly peersFolder: string;
  readonly places?: Places | undefined;
}

/** A contender whose processes run. */
export interface Entrant {
  readonly contender: string;
  /** The processes of the contender: one, or a server and a client. */
  readonly children: readonly BenchChild[];
  /** Measures one round. */
  measure(concurrency: number, length: number): Promise<Figures>;
  close(): void;
}

/** Starts the processes of a contender. Errors: a process did not start; then the others are ended too. */
export async function startEntrant({ plan, contender, childFile, node, peersFolder, places }: EntrantOptions): Promise<Entrant> {
  const port = plan.isPair ? await freePort() : 0;
  const children: BenchChild[] = [];
  const close = (): void => {
    for (const child of children) child.close();
  };
  const start = async (half: "whole" | "server" | "client"): Promise<BenchChild> => {
    const child = new BenchChild(childFile, node, { bench: plan.name, half, contender, port, peersFolder, places });
    children.push(child);
    await child.started();
    return child;
  };
  try {
    if (!plan.isPair) {
      const whole = await start("whole");
      return { contender, children, close, measure: (concurrency, length) => whole.ask<Figures>({ kind: "run", concurrency, length }) };
    }
    const server = await start("server");
    const client = await start("client");
    return { contender, children, close, measure: (concurrency, length) => measurePair(server, client, concurrency, length) };
  } catch (error) {
    close();
    throw error;
  }
}

/** The client's figures, with the CPU time of both processes. */
async function measurePair(server: BenchChild, client: BenchChild, concurrency: number, length: number): Promise<Figures> {
  const before = await server.ask<{ cpuUs: number }>({ kind: "cpu" });
  const { calls = Number.NaN, cpuUs = Number.NaN, ...figures } = await client.ask<Figures>({ kind: "run", concurrency, length });
  const after = await server.ask<{ cpuUs: number }>({ kind: "cpu" });
  return { ...figures, cpuUs: cpuUs + (after.cpuUs - before.cpuUs) / calls };
}
