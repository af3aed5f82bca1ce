import { describe, expect, it } from "vitest";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import { KeptLog } from "../edge.testing.ts";
import { ErrorBoundary } from "./error-boundary.ts";

const place = { procedure: "catalog.get", traceId: "t" };

function open() {
  const log = new KeptLog();
  return { log, boundary: new ErrorBoundary(log, () => "new id") };
}

describe("ErrorBoundary", () => {
  it("lets refusals and faults pass as a plain copy", () => {
    const { boundary, log } = open();
    for (const error of [new HolonError("OUT_OF_STOCK", "m", { details: 1, cause: "why", status: 422 }), catalogueError("UNAVAILABLE", "m")]) {
      const { code, message, details, status, executed, cause } = boundary.toPublic(error, place);
      expect({ code, message, details, status, executed }).toEqual({
        ...{ code: error.code, message: error.message, details: error.details },
        ...{ status: error.status, executed: error.executed },
      });
      expect(cause).toBeUndefined();
    }
    expect(log.lines).toEqual([]);
  });

  it.each(["message", "code", "details"])("answers an error of the toolkit whose %s cannot be read", (member) => {
    const { boundary } = open();
    const thrown = Object.defineProperty(catalogueError("CONFLICT", "m"), member, {
      get() {
        throw new TypeError("a getter throws");
      },
    });
    expect(boundary.toPublic(thrown, place)).toMatchObject({ code: "INTERNAL", details: { errorId: "new id" } });
  });

  it("answers the status and the `executed` of the catalogue if an error has invalid ones", () => {
    const { boundary } = open();
    const thrown = Object.assign(catalogueError("CONFLICT", "m"), { status: 99_999, executed: "perhaps" });
    expect(boundary.toPublic(thrown, place)).toMatchObject({ code: "CONFLICT", message: "m", status: 409, executed: "no" });
  });

  it("takes an error of the toolkit whose message is no text for an error of no contract", () => {
    const { boundary } = open();
    const thrown = Object.assign(catalogueError("CONFLICT", "m"), { message: Symbol("m") });
    expect(boundary.toPublic(thrown, place)).toMatchObject({ code: "INTERNAL", details: { errorId: "new id" } });
  });

  it.each([
    ["an error", new TypeError("select 1")],
    ["a defect of the toolkit", catalogueError("CALL_IN_TRANSACTION", "in orders.place at /srv/x.ts")],
    ["an INTERNAL without an id", catalogueError("INTERNAL", "secret", { details: { table: "users" } })],
    ["a text", "thrown text"],
    ["nothing", undefined],
  ])("makes %s INTERNAL with an id, and logs it whole", (_name, thrown) => {
    const { boundary, log } = open();
    const { code, message, details, cause } = boundary.toPublic(thrown, place);
    expect({ code, details, cause }).toEqual({ code: "INTERNAL", details: { errorId: "new id" }, cause: undefined });
    expect(message).toBe("The callee failed in a way that its contract does not declare.");
    expect(log.lines).toMatchObject([{ level: "error", fields: { ...place, errorId: "new id", err: thrown } }]);
  });

  it("keeps the id of an error that another process has logged, and nothing else of it", () => {
    const { boundary, log } = open();
    const error = boundary.toPublic(catalogueError("INTERNAL", "secret", { details: { errorId: "theirs", sql: "select" } }), place);
    expect(error).toMatchObject({ code: "INTERNAL", details: { errorId: "theirs" } });
    expect(error.details).not.toHaveProperty("sql");
    expect(log.lines).toEqual([]);
  });
});
