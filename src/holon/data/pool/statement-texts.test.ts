import { describe, expect, it } from "vitest";
import { StatementTexts } from "./statement-texts.ts";

function request(text: string, params: readonly unknown[] = [1], prepare = false) {
  return { text, params, prepare, rows: "arrays" } as const;
}

describe("a statement", () => {
  it("is prepared when it comes again", () => {
    const texts = new StatementTexts();
    expect([1, 2, 3].map(() => texts.shouldPrepare(request("select $1")))).toEqual([false, true, true]);
  });

  it("is prepared at once if it has a name", () => {
    expect(new StatementTexts().shouldPrepare(request("select 1", [], true))).toBe(true);
  });

  it("without parameters is not prepared, since it may be several", () => {
    const texts = new StatementTexts();
    expect([1, 2].map(() => texts.shouldPrepare(request("select 1; select 2", [])))).toEqual([false, false]);
  });

  it("is not prepared any more when the server keeps 500 of them", () => {
    const texts = new StatementTexts();
    const prepared = Array.from({ length: 3_000 }, (_, index) => [1, 2].map(() => texts.shouldPrepare(request(`select $1 -- ${index}`)))[1]);
    expect(prepared.filter((yes) => yes === true)).toHaveLength(500);
    expect(texts.shouldPrepare(request("select $1 -- 0"))).toBe(true);
  });
});
