import { setTimeout as sleep } from "node:timers/promises";
import { Chaos, type Fault, type FaultCounts } from "../../test/faults/delivery/chaos.ts";
import { SUBSCRIBERS } from "../../test/faults/delivery/contracts.ts";
import { accountOf, balanced, isQuiet, lonelyRows } from "../../test/faults/delivery/ledger.ts";
import { measureCapacity, startLoad } from "../../test/faults/delivery/load.ts";
import { startDelivery } from "../../test/faults/delivery/start-delivery.ts";
import type { Fleet } from "../../test/faults/harness/fleet.ts";
import type { BackendKind } from "../../test/faults/harness/queues.ts";
import { createRandom } from "../../test/faults/harness/scale.ts";
import { waitUntil } from "../../test/faults/harness/wait.ts";
import { Recovery } from "./recovery.ts";

/** How long a soak runs, and on which backend. */
export interface SoakOptions {
  readonly minutes: number;
  readonly backend: BackendKind;
  readonly seed: number;
  readonly ownDatabases: boolean;
  readonly say: (line: string) => void;
}

/** The result of a soak. */
export interface Soak extends Omit<SoakOptions, "say"> {
  readonly capacity: number;
  readonly perSecond: number;
  readonly orders: number;
  readonly retried: number;
  readonly effects: number;
  readonly faults: FaultCounts;
  readonly jobsLost: number;
  /** How long after the last fault all work was done. */
  readonly quietAfterMs: number;
  readonly worstMs: Readonly<Record<string, number>>;
  /** Lost, duplicated or wrong effects, as text. */
  readonly losses: readonly string[];
}

/** The most orders per second. */
const GREATEST_RATE = 100;

/** How many orders are placed to measure the capacity. */
const MEASURED = 80;

/** Runs the delivery app under load while faults happen, and then checks its effects. */
export async function runSoak({ say, ...options }: SoakOptions): Promise<Soak> {
  const random = createRandom(options.seed);
  say(`soak: ${options.minutes} minutes on ${options.backend}, seed ${options.seed}`);
  const fleet = await startDelivery(options.backend, { ownDatabases: options.ownDatabases });
  try {
    const capacity = await measureCapacity(fleet.url("orders"), random);
    const perSecond = Math.min(GREATEST_RATE, capacity / 2);
    const count = Math.max(1, Math.round(perSecond * options.minutes * 60));
    const chaos = new Chaos(fleet, random);
    const recovery = new Recovery(fleet);
    const over = new AbortController();
    const load = startLoad(fleet.url("orders"), "soak", count, perSecond, random);
    const harmed = Promise.all([harm(chaos, recovery, random, over.signal), chaos.killProcesses(over.signal, () => recovery.watch("processKilled"))]);
    while (load.begun() < count) {
      await sleep(10_000, undefined, { ref: false });
      say(`  ${load.begun()} of ${count} orders, faults ${JSON.stringify(chaos.counts)}`);
    }
    over.abort();
    await harmed;
    const lastFaultMs = performance.now();
    const attempts = await load.finish();
    const losses: string[] = [];
    await waitUntil("nothing is outstanding", () => isQuiet(fleet)).catch((error: Error) => losses.push(error.message));
    const quietAfterMs = performance.now() - lastFaultMs;
    await recovery.over();
    losses.push(...(await findLosses(fleet, attempts.length + MEASURED)));
    const effects = await countEffects(fleet);
    const retried = attempts.filter(({ length }) => length > 1).length;
    const { counts: faults, jobsLost } = chaos;
    return {
      ...options,
      capacity,
      perSecond,
      orders: attempts.length + MEASURED,
      retried,
      effects,
      faults,
      jobsLost,
      quietAfterMs,
      worstMs: recovery.worstMs,
      losses,
    };
  } finally {
    await fleet.close();
  }
}

/** Causes all kinds of faults except kills of processes, one after the other. */
async function harm(chaos: Chaos, recovery: Recovery, random: () => number, signal: AbortSignal): Promise<void> {
  const kinds = chaos.possible.filter((kind) => kind !== "processKilled");
  while (!signal.aborted) {
    await sleep(3_000 + random() * 9_000, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const kind = kinds[Math.floor(random() * kinds.length)] as Fault;
    await chaos.do(kind);
    recovery.watch(kind);
  }
}

async function findLosses(fleet: Fleet, orders: number): Promise<string[]> {
  const losses: string[] = [];
  const lonely = await lonelyRows(fleet);
  if (lonely.length > 0) losses.push(`rows of orders, lines and events without each other: ${JSON.stringify(lonely.slice(0, 5))}`);
  for (const name of SUBSCRIBERS) {
    const account = await accountOf(fleet, name);
    if (JSON.stringify(account) !== JSON.stringify(balanced(orders))) losses.push(`${name}: ${JSON.stringify(account).slice(0, 500)}`);
  }
  return losses;
}

async function countEffects(fleet: Fleet): Promise<number> {
  let effects = 0;
  for (const name of SUBSCRIBERS) {
    const sql = fleet.sql(name);
    effects += Number((await sql`select count(*) as n from ${sql(name)}.effects`)[0]?.["n"]);
  }
  return effects;
}
