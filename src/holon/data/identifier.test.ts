import { describe, expect, it } from "vitest";
import { contextRoleName, quoteIdentifier, quoteLiteral } from "./identifier.ts";

describe("the name of a context's role", () => {
  it("is the names of the database and of the context", () => {
    expect(contextRoleName("shop", "orders")).toBe("shop_orders");
  });

  it("fits into the length that Postgres keeps, and differs if only the end differs", () => {
    const [one, other] = ["a", "b"].map((end) => contextRoleName("d".repeat(60), `context${end}`)) as [string, string];
    expect(Buffer.byteLength(one)).toBeLessThanOrEqual(63);
    expect(one).not.toBe(other);
  });

  it("does not cut a character in two", () => {
    const name = contextRoleName("ü".repeat(40), "orders");
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^ü+_[0-9a-f]{10}$/);
  });
});

describe("quoting", () => {
  it("escapes the quotes inside of a quoted text", () => {
    expect([quoteIdentifier('a"b'), quoteLiteral("a'b")]).toEqual(['"a""b"', "'a''b'"]);
  });
});
