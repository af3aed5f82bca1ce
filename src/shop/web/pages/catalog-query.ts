import type { Inputs } from "../api.ts";
import { paths } from "../router/paths.ts";

/** The sort orders of products, with their labels. */
export const SORTS = {
  name_asc: "Name, A to Z",
  name_desc: "Name, Z to A",
  price_asc: "Price, lowest first",
  price_desc: "Price, highest first",
} as const satisfies Record<NonNullable<Inputs["catalog"]["products"]["list"]["sort"]>, string>;

export type Sort = keyof typeof SORTS;

/** The part of the catalog that an address shows. */
export interface CatalogQuery {
  readonly category: string | undefined;
  readonly search: string | undefined;
  readonly sort: Sort;
  readonly page: number;
}

/** Reads the query of an address; invalid values count as missing. */
export function parseCatalogQuery(search: string): CatalogQuery {
  const given = new URLSearchParams(search);
  const sort = given.get("sort") ?? "";
  return {
    category: given.get("category")?.trim().slice(0, 50) || undefined,
    search: given.get("search")?.trim().slice(0, 100) || undefined,
    sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : "name_asc",
    page: parsePage(given),
  };
}

/** Reads `page` of a query: 1 if it is missing or not a page number. */
export function parsePage(given: URLSearchParams): number {
  const page = Number(given.get("page"));
  return Number.isInteger(page) && page >= 1 && page <= 100_000 ? page : 1;
}

/** The address of the catalog for a query; default values are left out. */
export function catalogAddress({ category, search, sort, page }: CatalogQuery): string {
  const said = new URLSearchParams();
  if (category !== undefined) said.set("category", category);
  if (search !== undefined) said.set("search", search);
  if (sort !== "name_asc") said.set("sort", sort);
  if (page > 1) said.set("page", String(page));
  return said.size === 0 ? paths.catalog : `${paths.catalog}?${said}`;
}
