import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readNorthwind } from "./northwind.ts";
import { catalogSeedSql, usersSeedSql } from "./seed-sql.ts";

const migration = (context: string): Promise<string> =>
  readFile(new URL(`../../../migrations/${context}/0001_northwind.sql`, import.meta.url), "utf8");

describe("the seed migrations", () => {
  test("hold the products of the data", async () => {
    expect(await migration("catalog")).toBe(catalogSeedSql(await readNorthwind()));
  });

  test("hold the customers of the data", async () => {
    expect(await migration("users")).toBe(usersSeedSql(await readNorthwind()));
  });
});
