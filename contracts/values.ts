import { z } from "zod";

/** The id of a row: a UUID. Spellings that differ in case are one id, which is kept in lower case. */
export const Id = z.uuid().toLowerCase();

/** Text that people write: trimmed, not empty, at most `maxLength` characters. */
export const text = (maxLength: number) => z.string().trim().min(1).max(maxLength);

/** An e-mail address; spellings that differ in case or surrounding space are one address. At most 254 characters. */
export const Email = z.string().trim().toLowerCase().max(254).pipe(z.email());

/** A price or an amount of money in cents: 1 to 10 000 000, which is 100 000.00. */
export const Cents = z.int().min(1).max(10_000_000);

/** A sum of money in cents; never negative. */
export const SumCents = z.int().min(0);

/** How many pieces of one product; 1 to 10 000. */
export const Quantity = z.int().min(1).max(10_000);

/**
 * Counts the edits of a row. Send back the version that you read: if the row has changed since, the edit fails with CONFLICT and the current version.
 * The maximum leaves room for one more increment in a Postgres integer.
 */
export const Version = z.int().min(1).max(2_147_483_646);

/** ISO 8601 has a year 0000; calendars and Postgres do not. */
const isAfterYear0 = (text: string): boolean => !text.startsWith("0000");

/** A point in time in UTC, as in `2026-11-22T09:30:00.000Z`. */
export const Moment = z.iso.datetime().refine(isAfterYear0, "there is no year 0000");

/** A day, as in `1996-07-04`. */
export const Day = z.iso.date().refine(isAfterYear0, "there is no year 0000");
