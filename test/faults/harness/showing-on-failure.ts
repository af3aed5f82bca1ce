import type { Fleet } from "./fleet.ts";
import { say } from "./say.ts";

/** If the work fails, prints how each process of a fleet ended. */
export async function showingOnFailure<Result>(fleet: Fleet, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    for (const { name, state, deaths, output } of fleet.processes)
      say(`${name}, ended ${deaths.join(", ")}`, { state, output: output.slice(-1_000).split("\n") });
    throw error;
  }
}
