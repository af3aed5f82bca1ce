import type { Soak } from "./run-soak.ts";

/** Formats the result of a soak for people. */
export function renderSoak(soak: Soak): string {
  const { backend, ownDatabases, seed, minutes, capacity, perSecond, orders, retried, effects, faults, jobsLost, quietAfterMs, worstMs, losses } =
    soak;
  const rows = Object.entries(faults).map(([kind, count]) => {
    const worst = worstMs[kind];
    if (worst === Number.POSITIVE_INFINITY)
      return `  ${kind.padEnd(16)} ${String(count).padStart(6)}   at least once, the wait for all earlier events to be acknowledged timed out`;
    return `  ${kind.padEnd(16)} ${String(count).padStart(6)}   ${worst === undefined ? "" : `all earlier events were acknowledged after at most ${seconds(worst)}`}`;
  });
  return [
    "",
    `soak of ${minutes} minutes, queues on ${backend}, ${ownDatabases ? "a database a context" : "one database"}, seed ${seed}`,
    `  orders           ${orders} (${perSecond.toFixed(1)} a second, half of at most ${capacity.toFixed(0)}), ${retried} of them sent more than once`,
    `  effects          ${effects} at three subscribers`,
    `  jobs lost        ${jobsLost} with queues that were emptied`,
    "faults",
    ...rows,
    `after the last fault nothing was outstanding after ${seconds(quietAfterMs)}`,
    ...(losses.length === 0 ? ["nothing was lost, nothing happened twice"] : ["LOST", ...losses.map((loss) => `  ${loss}`)]),
  ].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
