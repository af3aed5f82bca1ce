import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextTickMs } from "./cron.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The ticks from one moment up to another one, in their order. */
function ticks(cron: string, timeZone: string, from: string, to: string): readonly string[] {
  const found: string[] = [];
  for (let atMs = Date.parse(from) - 1; ; ) {
    atMs = nextTickMs(cron, timeZone, atMs);
    if (atMs >= Date.parse(to)) return found;
    found.push(new Date(atMs).toISOString().slice(0, 16));
  }
}

/** A change of the clocks: a fixed time that the change skips or repeats, and the ticks of the days around it. */
const CHANGES: readonly (readonly [zone: string, change: string, cron: string, ...expected: string[]])[] = [
  ["America/New_York", "02:00 becomes 03:00", "30 2 * * *", "2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"],
  ["America/New_York", "02:00 becomes 01:00", "30 1 * * *", "2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"],
  ["Europe/Berlin", "02:00 becomes 03:00", "0 2 * * *", "2026-03-28T01:00", "2026-03-29T01:00", "2026-03-30T00:00"],
  ["Europe/Berlin", "03:00 becomes 02:00", "0 2 * * *", "2026-10-24T00:00", "2026-10-25T00:00", "2026-10-26T01:00"],
  ["Europe/London", "01:00 becomes 02:00", "59 1 * * *", "2026-03-28T01:59", "2026-03-29T01:00", "2026-03-30T00:59"],
  ["Europe/London", "02:00 becomes 01:00", "0 1 * * *", "2026-10-24T00:00", "2026-10-25T00:00", "2026-10-26T01:00"],
  ["Australia/Sydney", "02:00 becomes 03:00", "15 2 * * *", "2026-10-02T16:15", "2026-10-03T16:00", "2026-10-04T15:15"],
  ["Australia/Sydney", "03:00 becomes 02:00", "15 2 * * *", "2026-04-03T15:15", "2026-04-04T15:15", "2026-04-05T16:15"],
  ["Africa/Cairo", "midnight becomes 01:00", "0 0 * * *", "2026-04-22T22:00", "2026-04-23T22:00", "2026-04-24T21:00"],
  ["Africa/Cairo", "midnight becomes 23:00", "30 23 * * *", "2026-10-28T20:30", "2026-10-29T20:30", "2026-10-30T21:30"],
  ["America/Santiago", "midnight becomes 01:00", "30 0 * * *", "2026-09-05T04:30", "2026-09-06T04:00", "2026-09-07T03:30"],
  ["America/Santiago", "midnight becomes 23:00", "0 23 * * *", "2026-04-04T02:00", "2026-04-05T02:00", "2026-04-06T03:00"],
  ["Asia/Beirut", "midnight becomes 01:00", "0 0 * * *", "2026-03-27T22:00", "2026-03-28T22:00", "2026-03-29T21:00"],
  ["Asia/Beirut", "midnight becomes 23:00", "0 0 * * *", "2026-10-23T21:00", "2026-10-24T22:00", "2026-10-25T22:00"],
  ["Atlantic/Azores", "midnight becomes 01:00", "0 0 * * *", "2026-03-28T01:00", "2026-03-29T01:00", "2026-03-30T00:00"],
  ["Atlantic/Azores", "01:00 becomes midnight", "0 0 * * *", "2026-10-24T00:00", "2026-10-25T00:00", "2026-10-26T01:00"],
  ["America/Havana", "midnight becomes 01:00", "0 0 * * 0", "2026-03-01T05:00", "2026-03-08T05:00", "2026-03-15T04:00"],
  ["America/Havana", "01:00 becomes midnight", "0 0 1 * *", "2026-10-01T04:00", "2026-11-01T04:00", "2026-12-01T05:00"],
  ["Australia/Lord_Howe", "02:00 becomes 02:30", "15 2 * * *", "2026-10-02T15:45", "2026-10-03T15:30", "2026-10-04T15:15"],
  ["Australia/Lord_Howe", "02:00 becomes 01:30", "45 1 * * *", "2026-04-03T14:45", "2026-04-04T14:45", "2026-04-05T15:15"],
  ["America/Nuuk", "23:00 becomes midnight", "30 23 * * *", "2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
  ["Antarctica/Troll", "01:00 becomes 03:00", "0 2 * * *", "2026-03-28T02:00", "2026-03-29T01:00", "2026-03-30T00:00"],
  ["Antarctica/Troll", "03:00 becomes 01:00", "30 2 * * *", "2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T02:30"],
  ["Africa/Casablanca", "03:00 becomes 02:00 for Ramadan", "30 2 * * *", "2026-02-14T01:30", "2026-02-15T01:30", "2026-02-16T02:30"],
  ["Asia/Kolkata", "nothing", "30 2 * * *", "2026-03-28T21:00", "2026-03-29T21:00", "2026-03-30T21:00"],
  ["Pacific/Apia", "30 December 2011 is left out", "0 12 * * *", "2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"],
  ["Pacific/Apia", "30 December 2011 is left out", "0 0 * * *", "2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"],
];

/** An expression that comes at intervals follows the time that passes, as far as the clocks show its minutes. */
const INTERVALS: readonly (readonly [zone: string, cron: string, from: string, ...expected: string[]])[] = [
  ["Europe/Berlin", "0 * * * *", "2026-03-29T00:00", "2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00"],
  ["Europe/Berlin", "0 * * * *", "2026-10-25T00:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"],
  ["America/New_York", "15 * * * *", "2026-03-08T06:00", "2026-03-08T06:15", "2026-03-08T07:15", "2026-03-08T08:15"],
  ["America/New_York", "*/30 * * * *", "2026-11-01T05:30", "2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30", "2026-11-01T07:00"],
  ["Africa/Cairo", "*/30 * * * *", "2026-04-23T21:30", "2026-04-23T21:30", "2026-04-23T22:00", "2026-04-23T22:30"],
  ["Australia/Lord_Howe", "*/30 * * * *", "2026-04-04T14:30", "2026-04-04T14:30", "2026-04-04T15:00", "2026-04-04T15:30", "2026-04-04T16:00"],
  ["Australia/Lord_Howe", "*/20 * * * *", "2026-10-03T15:10", "2026-10-03T15:10", "2026-10-03T15:40", "2026-10-03T16:00", "2026-10-03T16:20"],
  ["Australia/Lord_Howe", "0 * * * *", "2026-10-03T14:30", "2026-10-03T14:30", "2026-10-03T16:00", "2026-10-03T17:00"],
];

const ZONES = [...new Set(CHANGES.map(([zone]) => zone))];

describe("a cron expression with a fixed time", () => {
  it.each(CHANGES)("is due once for each of its local times: %s, where %s, %s", (zone, _change, cron, ...expected) => {
    const [from = "", to = ""] = [expected[0], expected.at(-1)];
    expect(ticks(cron, zone, `${from}Z`, new Date(Date.parse(`${to}Z`) + MINUTE_MS).toISOString())).toEqual(expected);
  });

  it("is due once for several local times that the clocks skip together, and not again for those that come twice", () => {
    expect(ticks("*/15 2 * * *", "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-30T00:00Z")).toEqual(["2026-03-29T01:00"]);
    expect(ticks("*/30 2 * * *", "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-26T00:00Z")).toEqual(["2026-10-25T00:00", "2026-10-25T00:30"]);
    expect(ticks("0 */2 * * *", "Europe/Berlin", "2026-10-25T00:00Z", "2026-10-25T04:00Z")).toEqual(["2026-10-25T00:00", "2026-10-25T03:00"]);
  });

  it("gives the same next tick from each moment before it, in the hour that comes twice too", () => {
    for (let atMs = Date.parse("2026-10-25T00:00Z"); atMs < Date.parse("2026-10-26T01:00Z"); atMs += 10 * MINUTE_MS)
      expect(nextTickMs("0 2 * * *", "Europe/Berlin", atMs), new Date(atMs).toISOString()).toBe(Date.parse("2026-10-26T01:00Z"));
  });

  it.each(ZONES)("is due in 2026 once for each local date, when the clock first shows its time or a later one: %s", (zone) => {
    const localAt = localClock(zone);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_439 }), (minuteOfDay) => {
        const expected: string[] = [];
        for (let dateMs = Date.UTC(2026, 0, 2); dateMs < Date.UTC(2026, 11, 30); dateMs += DAY_MS)
          expected.push(isoMinute(firstShown(localAt, dateMs + minuteOfDay * MINUTE_MS)));
        const cron = `${minuteOfDay % 60} ${Math.floor(minuteOfDay / 60)} * * *`;
        expect(ticks(cron, zone, `${expected[0]}Z`, `${expected.at(-1)}:01Z`)).toEqual(expected);
      }),
      { numRuns: 2, examples: [[30]] },
    );
  });
});

describe("a cron expression with each hour", () => {
  it.each(INTERVALS)("is due at each moment at which the clock shows it: %s, %s from %s", (zone, cron, from, ...expected) => {
    expect(ticks(cron, zone, `${from}Z`, `${expected.at(-1)}:01Z`)).toEqual(expected);
  });

  it.each(ZONES)("is due around each change of the clocks of 2026 at each moment at which they show it: %s", (zone) => {
    const localAt = localClock(zone);
    const days = Array.from({ length: 364 }, (_, day) => Date.UTC(2026, 0, 1) + day * DAY_MS);
    const changes = days.filter((dayMs) => localAt(dayMs + DAY_MS) - localAt(dayMs) !== DAY_MS);
    fc.assert(
      fc.property(fc.integer({ min: 7, max: 59 }), fc.constantFrom(...changes, days[90] as number), (step, dayMs) => {
        const [fromMs, toMs] = [dayMs - DAY_MS / 2, dayMs + 1.5 * DAY_MS];
        const expected: string[] = [];
        for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) if (((localAt(atMs) / MINUTE_MS) % 60) % step === 0) expected.push(isoMinute(atMs));
        expect(ticks(`*/${step} * * * *`, zone, `${isoMinute(fromMs)}Z`, `${isoMinute(toMs)}Z`)).toEqual(expected);
      }),
      { numRuns: 4 },
    );
  });
});

function isoMinute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}

/** What a zone's clocks show at a moment, read from ICU for each quarter of an hour. */
function localClock(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const offsets = new Map<number, number>();
  return (atMs) => {
    const quarterMs = atMs - (atMs % (15 * MINUTE_MS));
    const known = offsets.get(quarterMs);
    if (known !== undefined) return atMs + known;
    const [, sign = "+", hours = "0", minutes = "0"] = /GMT(?:([+-])(\d+):(\d+))?/.exec(format.format(quarterMs)) ?? [];
    const offsetMs = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
    offsets.set(quarterMs, offsetMs);
    return atMs + offsetMs;
  };
}

/** Checks one minute after the other. */
function firstShown(localAt: (atMs: number) => number, localMs: number): number {
  let atMs = localMs - 14 * HOUR_MS;
  while (localAt(atMs) < localMs) atMs += MINUTE_MS;
  return atMs;
}
