import { join } from "node:path";
import type { BenchPlan } from "./bench-plan.ts";
import { type Entrant, startEntrant } from "./entrant.ts";
import type { Figures } from "./measure.ts";
import type { Servers } from "./waits/servers.ts";

/** The options of {@link runRounds}. */
export interface RoundsOptions {
  readonly plan: BenchPlan;
  readonly contenders: readonly string[];
  readonly rounds: number;
  /** The length of a round, in the plan's unit. */
  readonly length: number;
  readonly childFile: string;
  readonly node: string;
  readonly peersFolder: string;
  /** The servers of benches that need them. */
  readonly servers?: Servers | undefined;
  /**
   * If it is given, no rounds are measured. Each process is profiled for three seconds at the first concurrency, and the profiles are written into this folder.
   */
  readonly profileFolder: string | undefined;
  readonly say: (line: string) => void;
}

/** The figures of a bench: `figures[contender][concurrency]` has one entry for each round. */
export interface Results {
  readonly plan: BenchPlan;
  readonly contenders: readonly string[];
  readonly figures: ReadonlyMap<string, ReadonlyMap<number, readonly Figures[]>>;
}

const PROFILE_MS = 3_000;

/**
 * Measures the contenders of a bench.
 *
 * Every round measures each contender once at each concurrency, one contender at a time. The next round begins with another contender, so that other load on
 * the machine affects all contenders alike, and a ratio within a round is meaningful. A contender that fails is reported and left out.
 */
export async function runRounds(options: RoundsOptions): Promise<Results> {
  const { plan, rounds, length, say } = options;
  const entrants = await startAll(options);
  const figures = new Map(
    entrants.map(({ contender }) => [contender, new Map(plan.concurrencies.map((concurrency) => [concurrency, [] as Figures[]]))]),
  );
  const failed = new Set<Entrant>();
  const measure = async (entrant: Entrant, concurrency: number, howLong: number): Promise<Figures | undefined> => {
    if (failed.has(entrant)) return undefined;
    try {
      return await entrant.measure(concurrency, howLong);
    } catch (error) {
      say(`${entrant.contender} is left out: ${messageOf(error)}`);
      failed.add(entrant);
      figures.delete(entrant.contender);
      return undefined;
    }
  };
  try {
    for (const entrant of entrants) for (const concurrency of plan.concurrencies) await measure(entrant, concurrency, plan.warmLength);
    if (options.profileFolder !== undefined) await profile(entrants, plan, options.profileFolder, say);
    else
      for (let round = 0; round < rounds; round++) {
        for (const concurrency of plan.concurrencies) {
          for (let place = 0; place < entrants.length; place++) {
            const entrant = entrants[(place + round) % entrants.length] as Entrant;
            const found = await measure(entrant, concurrency, length);
            if (found !== undefined) figures.get(entrant.contender)?.get(concurrency)?.push(found);
          }
        }
        say(`${plan.name}: round ${round + 1} of ${rounds}`);
      }
  } finally {
    for (const entrant of entrants) entrant.close();
  }
  return { plan, contenders: options.contenders.filter((contender) => figures.has(contender)), figures };
}

async function startAll({ plan, contenders, childFile, node, peersFolder, servers, say }: RoundsOptions): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const contender of contenders) {
    try {
      const places = await servers?.open();
      entrants.push(await startEntrant({ plan, contender, childFile, node, peersFolder, places }));
    } catch (error) {
      say(`${contender} is left out: ${messageOf(error)}`);
    }
  }
  return entrants;
}

async function profile(entrants: readonly Entrant[], plan: BenchPlan, folder: string, say: (line: string) => void): Promise<void> {
  const [concurrency = 1] = plan.concurrencies;
  for (const entrant of entrants) {
    for (const child of entrant.children) await child.ask({ kind: "profile" });
    await entrant.measure(concurrency, PROFILE_MS);
    for (const child of entrant.children) {
      const file = join(folder, `${plan.name}-${entrant.contender}-${concurrency}-${child.role.half}.cpuprofile`);
      await child.ask({ kind: "profiled", file });
      say(file);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
