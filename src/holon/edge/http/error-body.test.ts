import { describe, expect, it } from "vitest";
import { catalogueError, HolonError } from "../../kernel/holon-error.ts";
import { toErrorJson } from "./error-body.ts";

describe("toErrorJson", () => {
  it("writes tRPC's shape with our code, the JSON-RPC number and the details", () => {
    const error = new HolonError("OUT_OF_STOCK", "sold out", { details: { available: 0 }, status: 409 });
    expect(toErrorJson(error, "a.b", 16_384)).toBe(
      '{"error":{"message":"sold out","code":-32022,"data":{"code":"OUT_OF_STOCK","httpStatus":409,"path":"a.b","details":{"available":0}}}}',
    );
  });

  it("leaves out details that are too large, then the message", () => {
    const error = catalogueError("CONFLICT", "m".repeat(10_000), { details: { rows: "x".repeat(20_000) } });
    const bare = JSON.parse(toErrorJson(error, "p".repeat(5_000), 16_384)) as { error: { message: string; data: object } };
    expect({ length: bare.error.message.length, data: bare.error.data }).toEqual({
      length: 300,
      data: { code: "CONFLICT", httpStatus: 409, path: "p".repeat(200) },
    });
    expect(toErrorJson(error, "p", 100).length).toBeLessThan(250);
  });

  it("answers even if the details are not JSON, and never with a stack or a cause", () => {
    const error = catalogueError("CONFLICT", "c", { details: { big: 1n }, cause: new TypeError("secret") });
    expect(toErrorJson(error, undefined, 16_384)).toBe('{"error":{"message":"c","code":-32009,"data":{"code":"CONFLICT","httpStatus":409}}}');
  });
});
