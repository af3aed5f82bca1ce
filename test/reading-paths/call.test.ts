import { readFileSync } from "node:fs";
import { defineApp, defineContext } from "holon";
import { contract, query } from "holon/contract";
import { testApp } from "holon/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";

const Named = z.object({ id: z.string() });
const inner = contract("inner", { procedures: { get: query({ access: "public", input: Named, output: z.array(z.string()) }) } });
const outer = contract("outer", { procedures: { get: query({ access: "public", input: Named, output: z.array(z.array(z.string())) }) } });
const innerContext = defineContext(inner);
const outerContext = defineContext(outer, { calls: { inner } });

/** The toolkit's files on the stack, the first one first; a file that is left and entered again is there twice. */
function enteredFiles(): string[] {
  const entered: string[] = [];
  for (const [, file = ""] of (new Error().stack ?? "").matchAll(/\/(src\/holon\/[^\s:?]+\.ts)/g)) if (entered[0] !== file) entered.unshift(file);
  return entered;
}

const app = defineApp({
  name: "walk",
  contexts: [
    innerContext.implement({ procedures: innerContext.procedures({ get: () => enteredFiles() }) }),
    outerContext.implement({
      procedures: outerContext.procedures({ get: async ({ input, ctx }) => [enteredFiles(), await ctx.call.inner.get(input)] }),
    }),
  ],
});

/** The files of the table "The files of a call, in order" of ARCHITECTURE. */
function readingPath(): string[] {
  const guide = readFileSync(new URL("../../docs/ARCHITECTURE.md", import.meta.url), "utf8");
  const table = guide.split("The files of a call, in order.")[1]?.split("\n\n")[1] ?? "";
  return [...table.matchAll(/`(src\/holon\/[^`]+)`/g)].map(([, file = ""]) => file);
}

const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 200;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

async function walk(topology: "together" | "apart", path: string): Promise<string[][]> {
  const running = await testApp(app, { contracts: { inner, outer }, topology, faults: false });
  try {
    const response = await fetch(running.url + path);
    const body = (await response.json()) as { result?: { data: string[][] } };
    return body.result?.data ?? [];
  } finally {
    await running.close();
  }
}

const TRPC = `/trpc/outer.get?input=${encodeURIComponent(JSON.stringify({ id: "a" }))}`;

it.each(["together", "apart"] as const)("a call enters at most eight files until its handler, in the order of ARCHITECTURE, %s", async (topology) => {
  const [outside = []] = await walk(topology, TRPC);
  expect(outside.at(-1)).toBe("src/holon/pipeline/compile-run.ts");
  expect(outside.length).toBeLessThanOrEqual(8);
  // Equal only if each file is in the table, and none is entered twice or earlier than the table says.
  expect(readingPath().filter((file) => outside.includes(file))).toEqual(outside);
});

it("a call from a handler to a context of the same process enters two files more, and then the pipeline again", async () => {
  const [outside = [], inside = []] = await walk("together", TRPC);
  const more = inside.slice(outside.length);
  expect(inside.slice(0, outside.length)).toEqual(outside);
  expect(more).toEqual([
    "src/holon/pipeline/call-tree.ts",
    "src/holon/pipeline/bound-call.ts",
    "src/holon/pipeline/compiled-procedure.ts",
    "src/holon/pipeline/compile-run.ts",
  ]);
  expect(readingPath()).toEqual(expect.arrayContaining(more));
});
