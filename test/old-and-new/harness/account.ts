import type { Fleet } from "../../faults/harness/fleet.ts";
import type { OrderLoad } from "./order-load.ts";

const CONTEXTS = ["orders", "stock"] as const;

/** The effects that an order must have, once each, by the version of the app that took it. */
const EFFECTS = {
  1: ["orders receipt", "orders fulfilled by 1", "stock reserved", "stock placed", "stock confirmed"],
  2: [
    ...["orders receipt", "orders audit", "orders checked", "orders fulfilled by 2"],
    ...["stock reserved", "stock placed", "stock priced", "stock confirmed"],
  ],
} as const;

/** The jobs that schedules start. Only the second version has `tock`. */
const TICKING = ["tick", "tock"] as const;

type Ticking = (typeof TICKING)[number];

/** The results of all orders. */
export interface Account {
  /** Work that is not done yet: its state, and how much of it. */
  readonly open: readonly string[];
  /** Effects that are missing, that are duplicates, or that belong to no order, each with its count. */
  readonly wrong: readonly string[];
  /** For each schedule, how often it fired minus how many effects its job has. */
  readonly ticksOff: Readonly<Record<Ticking, number>>;
  /** Schedules that have fired at least once. */
  readonly ticked: readonly Ticking[];
  /** Orders of the second version without the added column. */
  readonly withoutNote: readonly string[];
}

/** An account without faults. */
export function balanced(): Account {
  return { open: [], wrong: [], ticksOff: { tick: 0, tock: 0 }, ticked: TICKING, withoutNote: [] };
}

/** Compares the placed orders with everything in the database. */
export async function accountOf(fleet: Fleet, { placed }: Pick<OrderLoad, "placed">): Promise<Account> {
  const expected = new Map<string, number>();
  for (const [id, version] of placed) for (const what of EFFECTS[version]) expected.set(`${id} ${what}`, 1);
  const found = new Map<string, number>();
  const ticks = { tick: 0, tock: 0 };
  const open: string[] = [];
  for (const context of CONTEXTS) {
    const sql = fleet.sql(context);
    const name = sql(context);
    const rows = await sql<{ id: string; what: string; n: number }[]>`select id, what, count(*)::int as n from ${name}.effects group by id, what`;
    for (const { id, what, n } of rows) {
      if (isTicking(id)) ticks[id] = n;
      else found.set(`${id} ${context} ${what}`, n);
    }
    const waiting = await sql<{ what: string }[]>`
      select 'outbox ' || kind || ' ' || name || ' ' || count(*) as what from ${name}.holon_outbox where settled_at is null group by kind, name
      union all select 'inbox ' || name || ' ' || state || ' ' || count(*) from ${name}.holon_inbox where state <> 'done' group by name, state
      union all select 'job ' || name || ' ' || state || ' ' || count(*) from ${name}.holon_jobs where state <> 'done' group by name, state
      union all select 'run ' || workflow || '@' || version || ' ' || state || ' ' || count(*) from ${name}.holon_runs where state <> 'done' group by workflow, version, state`;
    open.push(...waiting.map(({ what }) => `${context}: ${what}`));
  }
  const wrong = [...new Set([...expected.keys(), ...found.keys()])]
    .filter((effect) => expected.get(effect) !== found.get(effect))
    .map((effect) => `${effect}: ${found.get(effect) ?? 0}`);
  const fired = await firedOf(fleet);
  const ticksOff = { tick: fired.tick - ticks.tick, tock: fired.tock - ticks.tock };
  return { open, wrong, ticksOff, ticked: TICKING.filter((name) => fired[name] > 0), withoutNote: await withoutNote(fleet, placed) };
}

/** How often each schedule fired. */
export async function firedOf(fleet: Fleet): Promise<Record<Ticking, number>> {
  const fired = { tick: 0, tock: 0 };
  for (const { name } of await fleet.sql("orders")<{ name: string }[]>`select name from orders.holon_outbox where kind = 'job'`)
    if (isTicking(name)) fired[name]++;
  return fired;
}

function isTicking(name: string): name is Ticking {
  return (TICKING as readonly string[]).includes(name);
}

async function withoutNote(fleet: Fleet, placed: OrderLoad["placed"]): Promise<string[]> {
  const sql = fleet.sql("orders");
  // The column exists after the second version has run.
  const rows = await sql<{ id: string; note: string | null }[]>`select id, to_jsonb(o) ->> 'note' as note from orders.orders o`;
  return rows.filter(({ id, note }) => placed.get(id) === 2 && note !== `of ${id}`).map(({ id }) => id);
}
