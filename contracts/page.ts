import { z } from "zod";

/** Which part of a list the caller wants: `page` counts from 1, `limit` is the number of rows of a page (1 to 100). Spread it into an input. */
export const pageFields = {
  page: z.int().min(1).max(100_000).default(1),
  limit: z.int().min(1).max(100).default(20),
};

/** One page of a list. `total` counts the rows of all pages. */
export const pageOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), page: z.int(), limit: z.int(), total: z.int() });

/** One page of a list that can also be read by cursor. `next` is the `cursor` of the next page; null on the last page. */
export const cursorPageOf = <Item extends z.ZodType>(item: Item) => pageOf(item).extend({ next: z.string().nullable() });

/** The error for an input that gives both a page and a cursor. */
export const onePlace = { path: ["cursor"], message: "A cursor says where the page begins: leave `page` out" };
