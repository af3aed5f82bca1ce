import { describe, expect, it } from "vitest";
import { parseResponseHead, RESPONSE_HEAD_BYTES } from "./dial.ts";

describe("parseResponseHead", () => {
  it("reads status and headers and leaves the rest", () => {
    const head = parseResponseHead(Buffer.from("HTTP/1.1 101 Switching Protocols\r\nUpgrade: holon-mesh/1\r\nX:  y \r\n\r\n[8],\n"));
    expect(head).toEqual({
      status: 101,
      headers: new Map([
        ["upgrade", "holon-mesh/1"],
        ["x", "y"],
      ]),
      bytes: 67,
    });
  });

  it("waits for the end of the head", () => {
    expect(parseResponseHead(Buffer.from("HTTP/1.1 401 Unauth"))).toBeUndefined();
  });

  it.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
    ["a head without an end", "x".repeat(RESPONSE_HEAD_BYTES + 1)],
    ["a head that is too long", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(RESPONSE_HEAD_BYTES)}\r\n\r\n`],
  ])("refuses %s", (_name, text) => {
    expect(parseResponseHead(Buffer.from(text))).toBe("malformed");
  });
});
