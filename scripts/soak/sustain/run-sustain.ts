import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { callUntilAnswered } from "../../../test/faults/harness/calls.ts";
import { type Fleet, startFleet } from "../../../test/faults/harness/fleet.ts";
import { bundleProgram } from "../../../test/faults/harness/program.ts";
import type { BackendKind } from "../../../test/faults/harness/queues.ts";
import { EFFECTS_OF_A_PIECE } from "./app.ts";
import { type Growth, growthOf, type Sample } from "./growth.ts";
import { Sampler } from "./samples.ts";

/** How long a run lasts, at what rate, and on which backend. */
export interface SustainOptions {
  readonly seconds: number;
  /** Events a second, and jobs a second. Runs of five steps are a fifth as many. */
  readonly rate: number;
  readonly backend: BackendKind;
  /** How long finished work is kept. */
  readonly keptSeconds: number;
  readonly say: (line: string) => void;
}

/** The result of a run. */
export interface Sustained extends Omit<SustainOptions, "say"> {
  readonly fired: number;
  /** The reached rate; pieces of each kind a second. */
  readonly reached: number;
  readonly samples: number;
  readonly growth: readonly Growth[];
  /** Lost or duplicated effects, as text. */
  readonly losses: readonly string[];
}

const FIRES_PER_SECOND = 10;
/** The share of runs. A run has five steps, so a fifth as many runs have as many steps as there are events. */
const RUNS_PART = 0.2;
const SAMPLES = 120;
/** If no effect is added for this many seconds, the missing ones are lost. */
const STILL_LOOKS = 120;

/** Runs an app at a steady rate, with short retention, and measures whether anything that it holds keeps growing. */
export async function runSustain({ say, ...options }: SustainOptions): Promise<Sustained> {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const program = await bundleProgram({ name: "sustain", entry: `${here}main.ts`, migrations: [`${here}migrations`] });
  const fleet = await startFleet({
    ...{ app: "sustain", backend: options.backend, contexts: ["source", "sink"], program },
    members: [{ name: "all", contexts: "source,sink", roles: "edge,jobs" }],
    env: { SUSTAIN_KEPT_MS: String(options.keptSeconds * 1_000), LOG_LEVEL: "warn" },
  });
  const sampler = new Sampler(fleet);
  try {
    const samples: Sample[] = [];
    const over = new AbortController();
    const load = fireAtRate(fleet, options, over.signal);
    const sampling = sampleUntil(over.signal, options.seconds / SAMPLES, async () => {
      samples.push(await sampler.take());
      if (samples.length % 10 === 0) say(`  ${load.fired()} pieces of each kind, ${samples.length} of ${SAMPLES} samples`);
    });
    const startedMs = performance.now();
    let loadMs = 0;
    const loading = load.over.then(() => {
      loadMs = performance.now() - startedMs;
    });
    // The samples end with the load, and the first failure of either ends both.
    await Promise.all([loading, sampling].map((work) => work.finally(() => over.abort())));
    const reached = load.fired() / (loadMs / 1_000);
    const losses = await settle(fleet, load.fired(), load.runs());
    return { ...options, fired: load.fired(), reached, samples: samples.length, growth: growthOf(samples), losses };
  } finally {
    sampler.close();
    await fleet.close();
  }
}

/** Starts work a few times a second until the signal, without waiting for earlier calls. Errors: the first call that fails; the signal's reason. */
function fireAtRate(fleet: Fleet, { seconds, rate }: Pick<SustainOptions, "seconds" | "rate">, over: AbortSignal) {
  let fired = 0;
  let runs = 0;
  const run = async (): Promise<void> => {
    const open = new Set<Promise<void>>();
    const failed = new AbortController();
    const signal = AbortSignal.any([over, failed.signal]);
    // Each open call listens. Many are open after a pause of the machine.
    setMaxListeners(0, signal);
    const startMs = performance.now();
    for (let fire = 0; fire < seconds * FIRES_PER_SECOND; fire++) {
      await sleep(Math.max(0, startMs + (fire * 1_000) / FIRES_PER_SECOND - performance.now()), undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      const count = partOf(rate, fire);
      const ids = Array.from({ length: count }, (_, at) => `${fire}-${at}`);
      const ownRuns = Math.min(count, partOf(rate * RUNS_PART, fire));
      const call = callUntilAnswered(fleet.url("all"), "source.fire", { ids, runs: ownRuns }, `fire-${fire}`, signal)
        .then(() => {
          fired += count;
          runs += ownRuns;
        })
        .catch((error: unknown) => failed.abort(error))
        .finally(() => open.delete(call));
      open.add(call);
    }
    await Promise.all(open);
    signal.throwIfAborted();
  };
  return { over: run(), fired: () => fired, runs: () => runs };
}

/** How many pieces of each kind one call of `fire` starts, so that all calls together reach the rate. */
function partOf(rate: number, fire: number): number {
  return Math.round(((fire + 1) * rate) / FIRES_PER_SECOND) - Math.round((fire * rate) / FIRES_PER_SECOND);
}

async function sampleUntil(over: AbortSignal, everySeconds: number, sample: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    await sample();
    await sleep(everySeconds * 1_000, undefined, { signal: over }).catch(() => {});
  }
}

/** Waits until all work is done, and counts its effects. */
async function settle(fleet: Fleet, fired: number, runs: number): Promise<string[]> {
  const wanted = { event: fired, job: fired, step: runs * EFFECTS_OF_A_PIECE.step };
  let found: Record<string, number> = {};
  const count = async (): Promise<void> => {
    const sql = fleet.sql("source");
    const rows = await sql<{ kind: string; n: string }[]>`
      select kind, sum(n)::text as n from (select * from source.tallies union all select * from sink.tallies) t group by kind`;
    found = Object.fromEntries(rows.map(({ kind, n }) => [kind, Number(n)]));
  };
  const isDone = (): boolean => Object.entries(wanted).every(([kind, n]) => (found[kind] ?? 0) >= n);
  for (let still = 0, before = ""; still < STILL_LOOKS && !isDone(); ) {
    await sleep(1_000);
    await count();
    const now = JSON.stringify(found);
    still = now === before ? still + 1 : 0;
    before = now;
  }
  // A duplicated effect may come a moment later.
  await sleep(2_000);
  await count();
  return Object.entries(wanted).flatMap(([kind, n]) => ((found[kind] ?? 0) === n ? [] : [`${kind}: ${found[kind] ?? 0} effects of ${n}`]));
}
