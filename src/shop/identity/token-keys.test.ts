import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { developmentTokenKeys } from "./token-keys.ts";

describe("the key of a development machine", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "shop-keys-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is one for all processes that start at once, and readable by its owner only", async () => {
    const file = path.join(folder, "below", "key.json");
    const keys = await Promise.all(Array.from({ length: 10 }, () => developmentTokenKeys(file)));
    expect(new Set(keys.map(({ privateKey }) => privateKey?.kid)).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(file))).toEqual(["key.json"]);
  });
});
