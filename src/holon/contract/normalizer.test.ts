import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { createNormalizer } from "./normalizer.ts";

const Order = z.object({ id: z.string(), total: z.number(), note: z.string().optional(), lines: z.array(z.object({ count: z.int().nullable() })) });
/** Texts are not checked here. The tests of parsers cover that check. */
const ANSWER = { checksTexts: false };
const dirty = () => ({ id: "1", total: -0, note: undefined, lines: [{ count: -0 }, { count: null }] });
const clean = { id: "1", total: 0, lines: [{ count: 0 }, { count: null }] };

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a normalizer", () => {
  test("writes zero for negative zero and leaves undefined members out", () => {
    expect(createNormalizer(Order, ANSWER)?.(dirty())).toStrictEqual(clean);
  });

  test("does the same if code cannot be generated", () => {
    vi.stubGlobal("Function", () => {
      throw new EvalError("refused by the content security policy");
    });
    expect(createNormalizer(Order, ANSWER)?.(dirty())).toStrictEqual(clean);
  });

  test("is not made for schemas whose values JSON keeps as they are", () => {
    const schema = z.object({
      a: z.literal("x"),
      text: z.record(z.string(), z.string()),
      b: z.array(z.boolean()),
      c: z.int().positive(),
      d: z.enum(["x"]).nullable(),
      e: z.boolean().default(false),
    });
    expect(createNormalizer(schema, ANSWER)).toBeUndefined();
  });

  test("works in place if no member is removed", () => {
    const value = { id: "1", total: -0, lines: [] };
    expect(createNormalizer(Order, ANSWER)?.(value)).toBe(value);
    expect(Object.is(value.total, 0)).toBe(true);
  });

  test("puts no name of a member into its code", () => {
    const name = '"]; throw new Error("ran"); //\u2028`';
    const schema = z.object({ [name]: z.number().optional() });
    expect(createNormalizer(schema, ANSWER)?.({ [name]: -0 })).toStrictEqual({ [name]: 0 });
    expect(createNormalizer(schema, ANSWER)?.({ [name]: undefined })).toStrictEqual({});
  });
});
