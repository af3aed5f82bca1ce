import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { buildConfig } from "../../src/shop/storefront/vite-config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The largest compressed size of what the first page loads. */
const GREATEST_FIRST_BYTES = 120 * 1_024;
const SERVER_CODE = /drizzle|postgres|fastify|pino|prom-client|bullmq|ioredis|zod|contracts\/|src\/shop\/(?!web\/)|src\/holon\/(?!client\/|kernel\/)/;

describe("the storefront's bundle", () => {
  let chunks: readonly Rolldown.OutputChunk[];
  let modules: readonly string[];

  beforeAll(async () => {
    const config = buildConfig(ROOT);
    const built = (await build({ ...config, build: { ...config.build, write: false } })) as Rolldown.RolldownOutput;
    chunks = built.output.filter((file) => file.type === "chunk");
    modules = chunks.flatMap((chunk) => Object.entries(chunk.modules).flatMap(([name, { renderedLength }]) => (renderedLength > 0 ? [name] : [])));
  });

  test("holds the shop's pages and the client, and no contract, no zod and nothing of the backend", () => {
    expect(modules.filter((name) => name.includes("src/shop/web/pages/")).length).toBeGreaterThan(10);
    expect(modules.some((name) => name.endsWith("src/holon/client/create-client.ts"))).toBe(true);
    expect(modules.filter((name) => SERVER_CODE.test(name.replace(ROOT, "")))).toEqual([]);
    expect(chunks.flatMap(({ code }) => code.match(/["'`]node:\w+|process\.env|DATABASE_URL/g) ?? [])).toEqual([]);
  });

  test("does not load the admins' pages with its first page, which is small", () => {
    const entry = chunks.find(({ isEntry }) => isEntry);
    const first = chunks.filter((chunk) => chunk === entry || entry?.imports.includes(chunk.fileName));
    const sizeBytes = first.reduce((sum, { code }) => sum + gzipSync(code).byteLength, 0);
    process.stdout.write(`the storefront's first page loads ${(sizeBytes / 1_024).toFixed(1)} KiB of compressed scripts\n`);
    expect(first.flatMap((chunk) => Object.keys(chunk.modules)).filter((name) => /admin-products|edit-product|new-product/.test(name))).toEqual([]);
    expect(sizeBytes).toBeLessThan(GREATEST_FIRST_BYTES);
  });
});
