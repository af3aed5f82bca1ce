const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

/** Formats a day, as in `1996-07-04`, for people. */
export function formatDay(day: string): string {
  return DAY.format(new Date(`${day}T00:00:00Z`));
}

/** Formats a point in time in UTC in the reader's time zone. */
export function formatMoment(moment: string): string {
  return MOMENT.format(new Date(moment));
}
