import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SERVER_CODE =
  /drizzle|postgres|fastify|pino|prom-client|bullmq|ioredis|@trpc\/server\/dist\/(adapters|initTRPC|node-http)|src\/(shop|holon\/(context|data|edge|observe|queue|runtime|transport|wire|work))\/|trace\.ts|fingerprint/;

/** Bundles code for the browser. Returns the bundle's text and the files whose code is in it. esbuild fails if one of them imports `node:`. */
async function bundle(contents: string) {
  const result = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    conditions: ["source"],
    logLevel: "silent",
  });
  const output = Object.values(result.metafile.outputs)[0];
  const files = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { files: files.map(([file]) => file), text: result.outputFiles[0]?.text ?? "" };
}

describe("a bundle for the browser", () => {
  test("of a frontend with the client and the types of contracts holds no server code, no contract and no zod", async () => {
    const { files, text } = await bundle(`
      import { createClient, isHolonCode, safe } from "holon/client";
      import type { contracts } from "#contracts";
      const client = createClient<typeof contracts>({ url: "/trpc" });
      export const load = () => safe(client.catalog.products.get.query({ id: "1" }));
      export { isHolonCode };`);
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => SERVER_CODE.test(file) || /zod|contracts\//.test(file))).toEqual([]);
    expect(text).not.toMatch(/node:|process\.env\.DATABASE/);
    expect(text.length).toBeLessThan(64 * 1024);
  });

  test("of a frontend that checks forms by a contract's schemas holds no server code either", async () => {
    const { files, text } = await bundle(`import { createParser, contract, query } from "holon/contract"; export { createParser, contract, query };`);
    expect(files.filter((file) => SERVER_CODE.test(file))).toEqual([]);
    expect(text).not.toContain("node:");
  });

  test("cannot be made of code that imports node:", async () => {
    await expect(bundle(`import { requestHash } from "./src/holon/data/idempotency/key-claim.ts"; console.log(requestHash(1));`)).rejects.toThrow(
      /node:crypto/,
    );
  });

  test("with server code is recognized", async () => {
    const { files } = await bundle(`import { pgTable } from "drizzle-orm/pg-core"; console.log(pgTable);`);
    expect(files.some((file) => SERVER_CODE.test(file))).toBe(true);
  });
});
