import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { contract } from "./contract.ts";
import { cursor } from "./cursor.ts";
import { query } from "./procedure.ts";

const Position = z.object({ name: z.string(), id: z.int() });
const products = cursor("products", Position);
const accepts = (text: string) => products.schema.safeParse(text).success;

describe("a cursor", () => {
  test("is read back as the position that it was written for, and needs no escapes in a URL", () => {
    fc.assert(
      fc.property(fc.record({ name: fc.string({ unit: "grapheme", maxLength: 50 }), id: fc.integer() }), (place) => {
        const text = products.write(place);
        expect(text).toMatch(/^[\w-]+$/);
        expect(products.read(text)).toEqual(Position.parse(place));
        expect(accepts(text)).toBe(true);
      }),
    );
  });

  test("is refused if any letter of it was changed", () => {
    const text = products.write({ name: "Chai", id: 7 });
    for (let index = 0; index < text.length; index++) {
      for (const letter of ["0", "A", "_"].filter((each) => each !== text[index])) {
        expect(accepts(text.slice(0, index) + letter + text.slice(index + 1))).toBe(false);
      }
    }
  });

  test.each(["", "x", "0".repeat(16), `${"0".repeat(16)}AAAA`, "../../etc", "{}", "A".repeat(3_000)])("is never the text %j", (text) => {
    expect([accepts(text), products.read(text)]).toEqual([false, undefined]);
  });

  test("of one list cannot be read by another list, or by a list whose position has another form", () => {
    const text = products.write({ name: "Chai", id: 7 });
    expect(cursor("orders", Position).read(text)).toBeUndefined();
    expect(cursor("products", Position.extend({ page: z.int() })).read(text)).toBeUndefined();
  });

  test("can be a member of an input in a contract", () => {
    const list = query({ access: "public", input: z.object({ cursor: products.schema.optional() }), rest: "GET /products" });
    expect(contract("shop", { procedures: { list } }).routes[0]?.queryFields).toEqual([{ name: "cursor", kinds: ["string"], isList: false }]);
  });
});
