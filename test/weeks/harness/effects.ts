import type { Sql } from "postgres";

/** The faults in the effects of the suite's own context. All lists are empty if everything is right. */
export interface EffectFaults {
  /** Orders without an effect, by table. `doubled` has the orders with two effects, and effects without an order. */
  readonly missing: readonly string[];
  readonly doubled: readonly string[];
}

const EFFECTS = ["told", "thanked", "reminded"] as const;

/** Compares the effects of each order with the orders. */
export async function effectFaults(sql: Sql, orderIds: ReadonlySet<string>): Promise<EffectFaults> {
  const [missing, doubled]: [string[], string[]] = [[], []];
  for (const table of EFFECTS) {
    const rows = await sql`select order_id as id, count(*)::int as n from ${sql("almanac")}.${sql(table)} group by 1`;
    const counts = new Map(rows.map(({ id, n }) => [id as string, n as number]));
    missing.push(...[...orderIds].filter((id) => !counts.has(id)).map((id) => `${table} ${id}`));
    doubled.push(...[...counts].filter(([id, n]) => n > 1 || !orderIds.has(id)).map(([id]) => `${table} ${id}`));
  }
  return { missing, doubled };
}

/** The schedules at half past two at night, and their time zones. */
const NIGHTLY = { newYork: "America/New_York", berlin: "Europe/Berlin", sydney: "Australia/Sydney" };

/**
 * Compares the ticks of schedules with the calendar of Postgres. Each nightly schedule must tick once a local date. The hourly schedule must tick once an
 * hour, except in the hours in which no process ran it.
 */
export async function tickFaults(sql: Sql, startMs: number, isAway: (hour: number) => boolean): Promise<EffectFaults> {
  const [missing, doubled]: [string[], string[]] = [[], []];
  const start = new Date(startMs);
  const note = (name: string, rows: readonly { readonly due: boolean; readonly n: number | null; readonly at: string }[]) => {
    missing.push(...rows.filter(({ due, n }) => due && n === null).map(({ at }) => `${name} ${at}`));
    doubled.push(...rows.filter(({ due, n }) => (n ?? 0) > 1 || (!due && n !== null)).map(({ at, n }) => `${name} ${at}, ${n} times`));
  };
  for (const [name, zone] of Object.entries(NIGHTLY))
    note(
      name,
      await sql`with due as (
          select d::date as day from generate_series(${start}::timestamptz - interval '1 day', now() + interval '1 day', interval '1 day') d
          where (d::date + time '02:30') at time zone ${zone} > ${start} and (d::date + time '02:30') at time zone ${zone} < now() - interval '1 hour'
        ), seen as (select (at at time zone ${zone})::date as day, count(*)::int as n from almanac.ticks where schedule = ${name} group by 1)
        select due.day is not null as due, n, coalesce(due.day, seen.day)::text as at from due full join seen on due.day = seen.day`,
    );
  const hours = await sql`with due as (
      select date_trunc('hour', h) as hour from generate_series(${start}::timestamptz + interval '1 hour', now(), interval '1 hour') h
    ), seen as (select date_trunc('hour', at) as hour, count(*)::int as n from almanac.ticks where schedule = 'hourly' group by 1)
    select due.hour is not null as due, n, coalesce(due.hour, seen.hour)::text as at, extract(epoch from coalesce(due.hour, seen.hour))::double precision as s
    from due full join seen on due.hour = seen.hour`;
  // Only the number of hourly ticks is compared, because a job that is retried may run in the hour after its tick.
  const present = hours.filter(({ s }) => !isAway((s * 1_000 - startMs) / 3_600_000));
  const [dueCount, count] = [present.filter(({ due }) => due).length, present.reduce((sum, { n }) => sum + (n ?? 0), 0)];
  if (count !== dueCount) (count < dueCount ? missing : doubled).push(`hourly: ${count} ticks of ${dueCount}`);
  return { missing, doubled };
}
